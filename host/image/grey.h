#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/image/image.h"

namespace qmnist {

/// Grey levels, bit-identical to OpenCV's COLOR_BGR2GRAY: 0.299 R + 0.587 G + 0.114 B in fixed
/// point. Alpha is ignored, as in imread.
[[nodiscard]] GreyImage to_grey(const ColourImage& image);

/// Grey levels of the image, alpha-blended with a background of the given level.
[[nodiscard]] GreyImage to_grey_on(const ColourImage& image, std::uint8_t background);

/// Whether all pixels are grey: red, green and blue equal.
[[nodiscard]] bool is_grey(const ColourImage& image);

/// Whether all pixels are opaque.
[[nodiscard]] bool is_opaque(const ColourImage& image);

/// An image of 28 x 28 with each pixel as a square of that side: what a viewer would smooth.
[[nodiscard]] GreyImage enlarged(std::span<const std::uint8_t> pixels, std::size_t factor);

}  // namespace qmnist
