#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/image/image.h"

namespace qmnist {

/// @throws UsageError, naming what to install, in a build that decodes no images
///   (QMNIST_IMAGES=OFF).
void require_image_decoders();

/// Decodes the content of a PNG, JPEG, TIFF, WebP, GIF, BMP or PNM (PBM, PGM, PPM) file; its first
/// bytes say which. Of a GIF or TIFF it is the first frame or page.
///
/// 16 bits per channel are reduced to the upper 8, and a JPEG is rotated as its EXIF orientation
/// says, both as OpenCV's imread does. Safe to call from several threads.
/// @param place what errors call the image
/// @throws DataError naming place and expectation: another format, damaged, truncated, or larger
///   than 65,535 pixels a side or 64 million in all, so that a few bytes cannot ask for gigabytes;
///   UsageError as require_image_decoders()
[[nodiscard]] ColourImage decode_image(std::span<const std::uint8_t> bytes,
                                       const std::string& place);

}  // namespace qmnist
