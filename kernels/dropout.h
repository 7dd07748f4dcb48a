#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/philox.h"

namespace qmnist {

/// Inverted dropout (Srivastava et al. 2014): in training each unit of a hidden layer is 0 with
/// some probability, and otherwise scaled so that its mean is unchanged.
struct Dropout {
  std::uint32_t threshold = 0;  ///< of 65,536, to which probabilities are rounded
  float scale = 1;

  Dropout() = default;  ///< none
  explicit Dropout(double probability)
      : threshold(static_cast<std::uint32_t>(std::lround(probability * 65536))),
        scale(65536.0F / static_cast<float>(65536 - threshold)) {}

  [[nodiscard]] QMNIST_HOST_DEVICE bool active() const { return threshold > 0; }
};

/// Units whose factors come from one call of the generator.
inline constexpr std::size_t kDropoutGroup = 8;

/// The random words of kDropoutGroup units of a hidden layer for one image: those from
/// kDropoutGroup * group on. Masks are drawn again wherever they are needed and never stored.
QMNIST_HOST_DEVICE inline RandomWords dropout_words(const RowRandom& random, std::size_t layer,
                                                    std::size_t group) {
  constexpr std::uint32_t kMaxGroups = 1 << 16;  // in a layer
  const auto index = static_cast<std::uint32_t>(layer * kMaxGroups + group);
  return random.words(StepRandom::kDropout, index);
}

/// Dropout factor of unit i of its group: 0 or the scale.
QMNIST_HOST_DEVICE inline float factor_of(const Dropout& dropout, std::uint32_t word,
                                          std::size_t i) {
  const std::uint32_t uniform = word >> (i % 2 * 16) & 0xffffU;
  return uniform < dropout.threshold ? 0.0F : dropout.scale;
}

/// Dropout factors of a group of units.
/// @param factors [kDropoutGroup]
QMNIST_HOST_DEVICE inline void dropout_factors(const Dropout& dropout, const RowRandom& random,
                                               std::size_t layer, std::size_t group,
                                               float* factors) {
  const RandomWords drawn = dropout_words(random, layer, group);
  for (std::size_t i = 0; i < kDropoutGroup; ++i) {
    factors[i] = factor_of(dropout, drawn.words[i / 2], i);
  }
}

/// Dropout factor of one unit.
QMNIST_HOST_DEVICE inline float dropout_factor(const Dropout& dropout, const RowRandom& random,
                                               std::size_t layer, std::size_t unit) {
  const RandomWords drawn = dropout_words(random, layer, unit / kDropoutGroup);
  const std::size_t i = unit % kDropoutGroup;
  std::uint32_t word = drawn.words[0];
  for (std::size_t other = 1; other < kDropoutGroup / 2; ++other) {
    word = i / 2 == other ? drawn.words[other] : word;  // an index would put the words into memory
  }
  return factor_of(dropout, word, i);
}

}  // namespace qmnist
