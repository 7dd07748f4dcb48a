#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qmnist {

/// A greyscale image.
struct GreyImage {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixels;  ///< [height, width], row-major; 0 black, 255 white
};

/// An image of floats, used between decoding and the network.
struct Plane {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<float> levels;  ///< [height, width], row-major
};

/// An RGBA image.
struct ColourImage {
  static constexpr std::size_t kChannels = 4;

  std::size_t width = 0;
  std::size_t height = 0;
  /// [height, width, 4], row-major; red, green, blue, and alpha from 0 (transparent) to 255
  /// (opaque).
  std::vector<std::uint8_t> pixels;
};

}  // namespace qmnist
