#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/image/image.h"

namespace qmnist {

// Decoders, only for decode_image(). The content starts with the magic bytes of the decoder's
// format; the DataErrors start with `name`.
using Bytes = std::span<const std::uint8_t>;
[[nodiscard]] ColourImage decode_bmp(Bytes bytes, const std::string& name);
[[nodiscard]] ColourImage decode_jpeg(Bytes bytes, const std::string& name);
[[nodiscard]] ColourImage decode_png(Bytes bytes, const std::string& name);
/// PGM and PPM, binary (P5, P6) or ASCII (P2, P3), of any maximum up to 65535.
[[nodiscard]] ColourImage decode_pnm(Bytes bytes, const std::string& name);
/// TIFF, WebP, GIF and PBM.
[[nodiscard]] ColourImage decode_by_leptonica(Bytes bytes, const std::string& name);

/// Checks an image size; each decoder calls it before it allocates memory.
/// @throws DataError if the image has no pixels or too many
void check_image_size(std::size_t width, std::size_t height, const std::string& name);

}  // namespace qmnist
