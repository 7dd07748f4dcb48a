#pragma once

#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist::test {

/// Random images and labels that an engine can train on.
struct SmallData {
  std::size_t features;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;

  SmallData(std::size_t count, std::size_t feature_count, std::size_t classes,
            std::uint32_t seed = 1)
      : features(feature_count), pixels(count * feature_count), labels(count) {
    std::mt19937 generator(seed);
    for (std::uint8_t& pixel : pixels) {
      pixel = static_cast<std::uint8_t>(generator() % 256);
    }
    for (std::uint8_t& label : labels) {
      label = static_cast<std::uint8_t>(generator() % classes);
    }
  }

  [[nodiscard]] DataView view() const { return {pixels, labels, features}; }

  /// 0, 1, 2, ...
  [[nodiscard]] std::vector<std::uint32_t> all() const {
    std::vector<std::uint32_t> indices(labels.size());
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
  }
};

}  // namespace qmnist::test
