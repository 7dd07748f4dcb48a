#include "kernels/dropout.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace qmnist {
namespace {

using Factors = std::array<float, kDropoutGroup>;

Factors factors_of(double probability, const RowRandom& random, std::size_t layer,
                   std::size_t group) {
  Factors factors{};
  dropout_factors(Dropout(probability), random, layer, group, factors.data());
  return factors;
}

TEST(DropoutTest, DropsThatShareAndKeepsTheMean) {
  for (const double probability : {0.1, 0.5, 0.9}) {
    double dropped = 0;
    double sum = 0;
    constexpr int kGroups = 5000;
    for (std::uint64_t group = 0; group < kGroups; ++group) {
      for (const float factor : factors_of(probability, {3, 1, 2}, 0, group)) {
        dropped += factor == 0 ? 1 : 0;
        sum += double{factor};
      }
    }
    const double count = kGroups * kDropoutGroup;
    const double deviation = std::sqrt(probability * (1 - probability) / count);
    EXPECT_NEAR(dropped / count, probability, 4 * deviation);
    EXPECT_NEAR(sum / count, 1, 4 * deviation / (1 - probability));
  }
}

TEST(DropoutTest, NoneDropsNothing) {
  EXPECT_FALSE(Dropout(0).active());
  EXPECT_TRUE(Dropout(0.01).active());
  EXPECT_EQ(factors_of(0, {3, 1, 2}, 0, 0), (Factors{1, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(DropoutTest, EveryStepRowLayerAndGroupHasItsOwnMask) {
  // Sixteen groups side by side, as eight units of one may well be equal.
  const auto mask = [](const RowRandom& random, std::size_t layer, std::size_t first) {
    std::vector<float> factors;
    for (std::size_t group = first; group < first + 16; ++group) {
      const Factors some = factors_of(0.5, random, layer, group);
      factors.insert(factors.end(), some.begin(), some.end());
    }
    return factors;
  };
  const auto expected = mask({3, 1, 2}, 0, 0);
  EXPECT_EQ(mask({3, 1, 2}, 0, 0), expected);
  EXPECT_NE(mask({4, 1, 2}, 0, 0), expected);
  EXPECT_NE(mask({3, 2, 2}, 0, 0), expected);
  EXPECT_NE(mask({3, 1, 1}, 0, 0), expected);
  EXPECT_NE(mask({3, 1, 2}, 1, 0), expected);
  EXPECT_NE(mask({3, 1, 2}, 0, 16), expected);
}

}  // namespace
}  // namespace qmnist
