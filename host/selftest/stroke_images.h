#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist::selftest {

/// Images of digits made of straight strokes, with corners that move, and their labels: like
/// MNIST's, mostly zero pixels. Made of integers and Philox words, so they are the same everywhere.
struct StrokeImages {
  std::vector<std::uint8_t> pixels;  ///< [count, kPixels]
  std::vector<std::uint8_t> labels;  ///< [count]

  explicit StrokeImages(std::size_t count);

  [[nodiscard]] DataView view() const { return {pixels, labels, kPixels}; }
};

}  // namespace qmnist::selftest
