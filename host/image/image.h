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

}  // namespace qmnist
