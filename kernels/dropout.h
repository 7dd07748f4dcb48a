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

  explicit Dropout(double probability)
      : threshold(static_cast<std::uint32_t>(std::lround(probability * 65536))),
        scale(65536.0F / static_cast<float>(65536 - threshold)) {}

  [[nodiscard]] QMNIST_HOST_DEVICE bool active() const { return threshold > 0; }
};

/// Units whose factors come from one call of the generator.
inline constexpr std::size_t kDropoutGroup = 8;

/// Dropout factors of kDropoutGroup units of a hidden layer, from kDropoutGroup * group on, for one
/// image: 0 or the scale. Masks are drawn again wherever they are needed and never stored.
/// @param factors [kDropoutGroup]
QMNIST_HOST_DEVICE inline void dropout_factors(const Dropout& dropout, const RowRandom& random,
                                               std::size_t layer, std::size_t group,
                                               float* factors) {
  constexpr std::uint32_t kMaxGroups = 1 << 16;  // in a layer
  const auto index = static_cast<std::uint32_t>(layer * kMaxGroups + group);
  const RandomWords drawn = random.words(StepRandom::kDropout, index);
  for (std::size_t i = 0; i < kDropoutGroup; ++i) {
    const std::uint32_t uniform = drawn.words[i / 2] >> (i % 2 * 16) & 0xffffU;
    factors[i] = uniform < dropout.threshold ? 0.0F : dropout.scale;
  }
}

}  // namespace qmnist
