#pragma once

#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist::test {

/// Random images and labels that an engine can train on. As in digits, many pixels are zero, and
/// some are in every image.
struct SmallData {
  std::size_t features;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;

  SmallData(std::size_t count, std::size_t feature_count, std::size_t classes,
            std::uint32_t seed = 1)
      : features(feature_count), pixels(count * feature_count), labels(count) {
    std::mt19937 generator(seed);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const bool always_zero = i % features % 7 == 3;
      const auto value = static_cast<std::uint8_t>(generator() % 256);
      pixels[i] = always_zero || generator() % 2 == 0 ? 0 : value;
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
