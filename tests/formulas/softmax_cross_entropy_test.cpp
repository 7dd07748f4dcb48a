#include "kernels/softmax_cross_entropy.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/normalize.h"

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
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    std::array<double, 4> gradient{};
    softmax_cross_entropy(logits.data(), 4, 1, kScale, gradient.data(), smoothing);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const auto loss_at = [&](double offset) {
        std::array<double, 4> ignored{};
        auto moved = logits;
        moved[i] += offset;
        return softmax_cross_entropy(moved.data(), 4, 1, 1.0, ignored.data(), smoothing);
      };
      const double difference = loss_at(kStep) - loss_at(-kStep);
      // Truncation h^2 / 6 and rounding eps / h are both below 1e-10 here.
      EXPECT_NEAR(gradient[i], kScale * difference / (2 * kStep), 1e-10) << smoothing;
    }
  }
}

TEST(SoftmaxCrossEntropyTest, SmoothedLabelsAskForAShareOfEveryClass) {
  // Keras: CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)([[0, 1, 0]], [[1, 2, 4]])
  // is -sum(target * log_softmax) with the target [1/30, 28/30, 1/30].
  const std::array<double, 3> logits{1, 2, 4};
  std::array<double, 3> gradient{};
  const double log_sum = std::log(std::exp(1) + std::exp(2) + std::exp(4));
  const double expected = (log_sum - 1) / 30 + (log_sum - 2) * 28 / 30 + (log_sum - 4) / 30;
  EXPECT_NEAR(softmax_cross_entropy(logits.data(), 3, 1, 1.0, gradient.data(), 0.1), expected,
              1e-14);
}

TEST(DistillationLossTest, GradientIsTheLossDerivativeTimesTheScale) {
  const std::array<double, 4> logits{0.3, -1.2, 2.0, 0.1};
  const std::array<double, 4> soft_labels{0.05, 0.6, 0.3, 0.05};
  constexpr double kScale = 0.125;
  constexpr double kStep = 1e-5;
  for (const LossParams<double>& params :
       {LossParams<double>{0, 1, 1}, {0.1, 0.9, 2}, {0, 0.25, 5}}) {
    const auto loss = [&](const std::array<double, 4>& at, double scale, double* gradient) {
      return row_loss(at.data(), 4, 1, soft_labels.data(), scale, gradient, params);
    };
    std::array<double, 4> gradient{};
    (void)loss(logits, kScale, gradient.data());
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const auto loss_at = [&](double offset) {
        std::array<double, 4> ignored{};
        auto moved = logits;
        moved[i] += offset;
        return loss(moved, 1, ignored.data());
      };
      const double difference = loss_at(kStep) - loss_at(-kStep);
      EXPECT_NEAR(gradient[i], kScale * difference / (2 * kStep), 1e-9)
          << params.teacher_temperature;
    }
  }
}

TEST(DistillationLossTest, MatchesTheDefinition) {
  const std::array<double, 3> logits{1, 2, 4};
  const std::array<double, 3> soft_labels{0.1, 0.2, 0.7};
  const auto log_softmax = [&](std::size_t i, double temperature) {
    double sum = 0;
    for (const double logit : logits) {
      sum += std::exp(logit / temperature);
    }
    return logits.at(i) / temperature - std::log(sum);
  };
  std::array<double, 3> gradient{};
  double expected = -0.25 * log_softmax(1, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    expected -= 0.75 * 9 * soft_labels.at(i) * log_softmax(i, 3);
  }
  EXPECT_NEAR(row_loss(logits.data(), 3, 1, soft_labels.data(), 1.0, gradient.data(),
                       {.teacher_weight = 0.75, .teacher_temperature = 3}),
              expected, 1e-13);
}

TEST(DistillationLossTest, IsLowestWhereTheNetworkSaysWhatTheTeacherSays) {
  const std::array<double, 3> logits{std::log(0.1), std::log(0.2), std::log(0.7)};
  const std::array<double, 3> soft_labels{0.1, 0.2, 0.7};
  std::array<double, 3> gradient{};
  (void)row_loss(logits.data(), 3, 1, soft_labels.data(), 1.0, gradient.data(),
                 {.teacher_weight = 1, .teacher_temperature = 1});
  for (const double value : gradient) {
    EXPECT_NEAR(value, 0, 1e-15);
  }
}

TEST(ArgmaxTest, TakesTheFirstOfEquals) {
  const std::array<float, 5> values{1, 3, 2, 3, 3};
  EXPECT_EQ(argmax(values.data(), values.size()), 1U);
  EXPECT_EQ(argmax(values.data(), 1), 0U);
}

TEST(NormalizeTest, MapsGreyLevelsAsDivisionBy255Does) {
  for (unsigned pixel = 0; pixel <= 255; ++pixel) {
    EXPECT_EQ(normalize<float>(static_cast<std::uint8_t>(pixel)),
              static_cast<float>(static_cast<double>(pixel) / 255.0));
  }
}

}  // namespace
}  // namespace qmnist
