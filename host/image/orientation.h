#pragma once

#include <cstdint>
#include <span>

#include "host/image/image.h"

namespace qmnist {

/// How a camera was held: EXIF's orientation of a JPEG file's content, 1 to 8; 1, upright, where it
/// says nothing.
[[nodiscard]] unsigned exif_orientation(std::span<const std::uint8_t> jpeg);

/// Turns and mirrors a picture of that EXIF orientation upright.
[[nodiscard]] ColourImage upright(ColourImage image, unsigned orientation);

}  // namespace qmnist
