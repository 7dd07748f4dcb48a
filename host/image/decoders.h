#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/image/image.h"

namespace qmnist {

// Decoders for decode_image() alone: each takes the content of a file that begins as its formats
// do, and throws a DataError that begins with `place`.
using Bytes = std::span<const std::uint8_t>;
[[nodiscard]] ColourImage decode_bmp(Bytes bytes, const std::string& place);
[[nodiscard]] ColourImage decode_jpeg(Bytes bytes, const std::string& place);
[[nodiscard]] ColourImage decode_png(Bytes bytes, const std::string& place);
/// PGM and PPM, binary (P5, P6) or ASCII (P2, P3), of any maximum up to 65535.
[[nodiscard]] ColourImage decode_pnm(Bytes bytes, const std::string& place);
/// TIFF, WebP, GIF and PBM.
[[nodiscard]] ColourImage decode_by_leptonica(Bytes bytes, const std::string& place);

/// @throws DataError where an image has no pixels or more than are ever decoded; each decoder asks
///   before it allocates memory.
void check_image_size(std::size_t width, std::size_t height, const std::string& place);

}  // namespace qmnist
