#pragma once

#include <optional>

#include "host/image/image.h"

namespace qmnist {

/// Segments the ink of an image, dark on a light background or the reverse: 0 where there is none,
/// 1 where it is full, cropped to its bounding box. Shades and noise of the background and specks
/// beside the ink are removed. At most 256 pixels a side; a larger image is scaled down first.
/// @return nothing where there is no ink.
[[nodiscard]] std::optional<Plane> find_ink(const GreyImage& image);

}  // namespace qmnist
