#pragma once

#include <cstdint>
#include <vector>

namespace qmnist {

/// Images as a file holds them.
struct LabelledImages {
  std::vector<std::uint8_t> pixels;  ///< [count, 28, 28]
  std::vector<std::uint8_t> labels;  ///< [count], checked
};

}  // namespace qmnist
