#pragma once

#include <cstdint>
#include <span>

#include "host/image/image.h"

namespace qmnist {

/// The EXIF orientation (1 to 8) of a JPEG file's content; 1 (upright) if it has none.
[[nodiscard]] unsigned exif_orientation(std::span<const std::uint8_t> jpeg);

/// Rotates and mirrors an image of the given EXIF orientation upright.
[[nodiscard]] ColourImage upright(ColourImage image, unsigned orientation);

}  // namespace qmnist
