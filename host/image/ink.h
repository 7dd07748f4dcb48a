#pragma once

#include <optional>

#include "host/image/image.h"

namespace qmnist {

/// Segments the ink of an image, dark on light or light on dark: levels from 0 (no ink) to 1 (full
/// ink), cropped to the ink's bounding box. Gradients and noise of the background and specks are
/// removed. An image of more than 256 pixels per side is downscaled first.
/// @return nothing if there is no ink
[[nodiscard]] std::optional<Plane> find_ink(const GreyImage& image);

}  // namespace qmnist
