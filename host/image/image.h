#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qmnist {

/// A picture of grey levels.
struct GreyImage {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixels;  ///< [height, width], row-major; 0 black, 255 white
};

/// A picture between decoding and the network: levels of any scale.
struct Plane {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<float> levels;  ///< [height, width], row-major
};

/// A picture in colour.
struct ColourImage {
  static constexpr std::size_t kChannels = 4;

  std::size_t width = 0;
  std::size_t height = 0;
  /// [height, width, 4], row-major; red, green, blue, and alpha from 0 clear to 255 opaque.
  std::vector<std::uint8_t> pixels;
};

}  // namespace qmnist
