#include "kernels/softmax_cross_entropy.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/bias_relu.h"
#include "kernels/normalize.h"
#include "kernels/relu_backward.h"

namespace qmnist {
namespace {

TEST(SoftmaxTest, MatchesTheDefinition) {
  const std::array<double, 3> logits{0, std::log(2.0), std::log(5.0)};
  std::array<double, 3> probabilities{};
  const double log_sum = softmax(logits.data(), 3, probabilities.data());
  EXPECT_NEAR(log_sum, std::log(8.0), 1e-15);
  EXPECT_NEAR(probabilities[0], 1.0 / 8, 1e-15);
  EXPECT_NEAR(probabilities[1], 2.0 / 8, 1e-15);
  EXPECT_NEAR(probabilities[2], 5.0 / 8, 1e-15);
}

TEST(SoftmaxTest, MayOverwriteItsInput) {
  std::array<double, 2> values{1, 1};
  softmax(values.data(), 2, values.data());
  EXPECT_EQ(values, (std::array<double, 2>{0.5, 0.5}));
}

TEST(SoftmaxCrossEntropyTest, StaysFiniteForHugeLogits) {
  const std::array<float, 3> logits{1e30F, 0, -1e30F};
  std::array<float, 3> gradient{};
  const float loss = softmax_cross_entropy(logits.data(), 3, 2, 1.0F, gradient.data());
  EXPECT_FLOAT_EQ(loss, 2e30F);
  EXPECT_EQ(gradient, (std::array<float, 3>{1, 0, -1}));
}

TEST(SoftmaxCrossEntropyTest, EqualLogitsLoseTheLogOfTheClassCount) {
  for (const std::size_t classes : {std::size_t{1}, std::size_t{2}, std::size_t{10}}) {
    const std::vector<double> logits(classes, -3.25);
    std::vector<double> gradient(classes);
    const double loss = softmax_cross_entropy(logits.data(), classes, 0, 1.0, gradient.data());
    EXPECT_NEAR(loss, std::log(static_cast<double>(classes)), 1e-14);
    EXPECT_NEAR(std::accumulate(gradient.begin(), gradient.end(), 0.0), 0, 1e-15);
  }
}

TEST(SoftmaxCrossEntropyTest, GradientIsTheLossDerivativeTimesTheScale) {
  const std::array<double, 4> logits{0.3, -1.2, 2.0, 0.1};
  constexpr double kScale = 0.125;
  constexpr double kStep = 1e-5;
  std::array<double, 4> gradient{};
  softmax_cross_entropy(logits.data(), 4, 1, kScale, gradient.data());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    std::array<double, 4> ignored{};
    auto above = logits;
    auto below = logits;
    above[i] += kStep;
    below[i] -= kStep;
    const double difference = softmax_cross_entropy(above.data(), 4, 1, 1.0, ignored.data()) -
                              softmax_cross_entropy(below.data(), 4, 1, 1.0, ignored.data());
    // Truncation h^2 / 6 and rounding eps / h are both below 1e-10 here.
    EXPECT_NEAR(gradient[i], kScale * difference / (2 * kStep), 1e-10);
  }
}

TEST(ArgmaxTest, TakesTheFirstOfEquals) {
  const std::array<float, 5> values{1, 3, 2, 3, 3};
  EXPECT_EQ(argmax(values.data(), values.size()), 1U);
  EXPECT_EQ(argmax(values.data(), 1), 0U);
}

TEST(ReluTest, PassesOnlyWhatIsPositive) {
  EXPECT_EQ(relu(2.5F), 2.5F);
  EXPECT_EQ(relu(-2.5F), 0.0F);
  EXPECT_TRUE(std::isnan(relu(std::nanf(""))));
  EXPECT_EQ(relu_gradient(2.5F, -7.0F), -7.0F);
  EXPECT_EQ(relu_gradient(0.0F, -7.0F), 0.0F);
}

TEST(NormalizeTest, MapsGreyLevelsAsDivisionBy255Does) {
  for (unsigned pixel = 0; pixel <= 255; ++pixel) {
    EXPECT_EQ(normalize<float>(static_cast<std::uint8_t>(pixel)),
              static_cast<float>(static_cast<double>(pixel) / 255.0));
  }
}

}  // namespace
}  // namespace qmnist
