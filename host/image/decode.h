#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/image/image.h"

namespace qmnist {

/// Decodes the content of a PNG, JPEG, BMP, PGM or PPM file; its first bytes say which.
///
/// Of 16 bits a channel the upper 8 are kept, and a photograph is turned upright as its EXIF data
/// say, both as OpenCV's imread does.
/// @param place what errors call the picture
/// @throws DataError naming place and expectation: another format, damaged, ending early, or larger
///   than 65,535 pixels a side or 64 million in all, so that a few bytes cannot ask for gigabytes.
[[nodiscard]] ColourImage decode_image(std::span<const std::uint8_t> bytes,
                                       const std::string& place);

}  // namespace qmnist
