#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/image/image.h"

namespace qmnist {

/// @throws UsageError, naming what to install, in a build without image decoders
///   (QMNIST_IMAGES=OFF)
void require_image_decoders();

/// Decodes the content of a PNG, JPEG, TIFF, WebP, GIF, BMP or PNM (PBM, PGM, PPM) file, whose
/// format is detected by its first bytes. For GIF and TIFF, decodes the first frame or page.
///
/// 16 bits per channel are reduced to the upper 8, and a JPEG is rotated by its EXIF orientation,
/// both as in OpenCV's imread. Thread-safe.
/// @param name name of the image in errors
/// @throws DataError with the name and what was expected, if the format is unknown, the file is
///   damaged or truncated, or the image has more than 65,535 pixels per side or 64 million in
///   total, so that a small file cannot allocate gigabytes; UsageError like
///   require_image_decoders()
[[nodiscard]] ColourImage decode_image(std::span<const std::uint8_t> bytes,
                                       const std::string& name);

}  // namespace qmnist
