#pragma once

#include <cstdint>

#include "host/image/image.h"

namespace qmnist {

/// Grey levels as OpenCV's COLOR_BGR2GRAY computes them, bit for bit: 0.299 R + 0.587 G + 0.114 B
/// in fixed point. Alpha is dropped, as imread does.
[[nodiscard]] GreyImage to_grey(const ColourImage& image);

/// Grey levels of the image over a background of that level.
[[nodiscard]] GreyImage to_grey_on(const ColourImage& image, std::uint8_t background);

/// Whether no pixel is transparent.
[[nodiscard]] bool is_opaque(const ColourImage& image);

}  // namespace qmnist
