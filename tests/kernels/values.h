#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace qmnist::test {

/// Distance of 1 from the next float; a rounding errs by at most half of it, relatively.
inline constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

/// What no kernel writes: marks what must stay untouched.
inline constexpr float kUntouched = -12345.0F;

using Sizes = std::vector<std::size_t>;

/// Around vectors of four, warps and blocks; the last are all parameters of the baseline's network.
inline constexpr std::array<std::size_t, 14> kCounts = {1,   2,   3,   4,   5,    31,   33,
                                                        127, 255, 256, 257, 1023, 1025, 109386};

/// Multiples of 1/64 in [-4, 4]: sums of up to 2^16 of them are exact in float.
inline std::vector<float> coarse_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random() % 513) / 64.0F - 4.0F;
  }
  return values;
}

/// Floats whose sums depend on their order.
inline std::vector<float> fine_values(std::size_t count, unsigned seed, float low, float high) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(count);
  for (float& value : values) {
    value = uniform(random);
  }
  return values;
}

/// Pixels or labels.
inline std::vector<std::uint8_t> bytes(std::size_t count, unsigned seed, std::size_t below) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> values(count);
  for (std::uint8_t& value : values) {
    value = static_cast<std::uint8_t>(random() % below);
  }
  return values;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace qmnist::test
