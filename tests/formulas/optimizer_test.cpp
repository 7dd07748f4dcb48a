#include "kernels/optimizer.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/support/support.h"

namespace qmnist {
namespace {

using nlohmann::json;
using Values = std::vector<double>;

json keras_vectors() {
  return json::parse(test::read_file(test::source_dir() / "tests/fixtures/adam/adam_vectors.json"));
}

OptimizerSettings settings_of(const json& expected) {
  return {.beta1 = expected.at("beta_1"),
          .beta2 = expected.at("beta_2"),
          .epsilon = expected.at("epsilon")};
}

/// Runs Keras's own five steps and compares each parameter after each of them.
///
/// Keras computes alpha in float32, which moves it by up to 1e-5 relative (the fixture measured
/// relative_difference against doubles), and rounds each parameter to float32 after each step.
template <typename Real>
void compare_with_keras(const json& vectors, const json& expected) {
  const OptimizerSettings settings = settings_of(expected);
  const auto initial = vectors.at("initial").get<std::vector<float>>();
  std::vector<Real> parameters(initial.begin(), initial.end());
  std::vector<Real> first_moments(initial.size());
  std::vector<Real> second_moments(initial.size());
  Values moved(initial.size());
  Values largest(initial.begin(), initial.end());
  const double eps = std::numeric_limits<float>::epsilon();
  const double relative = 4 * eps + expected.at("relative_difference").get<double>();

  for (std::size_t step = 0; step < vectors.at("gradients").size(); ++step) {
    const auto gradients = vectors.at("gradients").at(step).get<std::vector<float>>();
    const auto want = expected.at("parameters").at(step).get<Values>();
    const auto scalars = optimizer_scalars<Real>(settings, expected.at("learning_rate"), step + 1);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const Real before = parameters[i];
      adam_update(scalars, static_cast<Real>(gradients[i]), parameters[i], first_moments[i],
                  second_moments[i]);
      moved[i] += std::abs(static_cast<double>(parameters[i] - before));
      largest[i] = std::max(std::abs(largest[i]), std::abs(static_cast<double>(parameters[i])));
      const double tolerance =
          relative * moved[i] + static_cast<double>(step + 1) * eps * largest[i];
      EXPECT_NEAR(static_cast<double>(parameters[i]), want[i], tolerance)
          << "step " << step + 1 << ", element " << i;
    }
  }
}

TEST(AdamTest, MovesAsKerasDoesInFloat) {
  const json vectors = keras_vectors();
  for (const json& expected : vectors.at("cases")) {
    compare_with_keras<float>(vectors, expected);
  }
}

TEST(AdamTest, MovesAsKerasDoesInDouble) {
  const json vectors = keras_vectors();
  for (const json& expected : vectors.at("cases")) {
    compare_with_keras<double>(vectors, expected);
  }
}

TEST(AdamTest, FirstStepMovesByTheLearningRateWhereEpsilonIsNothing) {
  // m / sqrt(v) is +-1 after one step and alpha is lr / sqrt(1 - beta2) * (1 - beta1) scaled back.
  const auto step = optimizer_scalars<double>({.epsilon = 1e-300}, 0.5, 1);
  for (const double gradient : {-3.0, 1e-6, 7.0}) {
    double parameter = 1;
    double first = 0;
    double second = 0;
    adam_update(step, gradient, parameter, first, second);
    EXPECT_NEAR(parameter, gradient > 0 ? 0.5 : 1.5, 1e-12);
  }
}

/// A parameter after three steps with gradients 0.1, 0.4, -0.3 from 0.5, another with -0.2, 0, 0.2
/// from -1, a third with 0.3, -0.5, 0.1 from 2, at learning rate 0.1.
Values after_three_steps(const OptimizerSettings& settings) {
  const std::vector<Values> gradients{{0.1, -0.2, 0.3}, {0.4, 0.0, -0.5}, {-0.3, 0.2, 0.1}};
  Values parameters{0.5, -1, 2};
  std::array<std::array<double, kMaxMoments>, 3> moments{};
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    const auto step = optimizer_scalars<double>(settings, 0.1, t + 1);
    with_choice(settings.name, [&](auto constant) {
      for (std::size_t i = 0; i < 3; ++i) {
        optimizer_update<constant.value>(step, gradients[t][i], parameters[i], moments[i].data());
      }
    });
  }
  return parameters;
}

void expect_near(const Values& actual, const Values& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], 1e-12) << i;
  }
}

TEST(OptimizerTest, StepsAsPyTorchsDo) {
  // torch.optim.SGD(lr=0.1, momentum=0.9), with nesterov=True, and AdamW(lr=0.1, eps=1e-30,
  // weight_decay=0.2), which differs from Keras's in epsilon alone; PyTorch 2.15, float64
  expect_near(after_three_steps({.name = OptimizerName::kSgd, .momentum = 0.9}),
              {0.4269, -0.9658, 2.0037});
  expect_near(after_three_steps({.name = OptimizerName::kSgd, .momentum = 0.9, .nesterov = true}),
              {0.41421, -0.96922, 2.01333});
  expect_near(
      after_three_steps({.name = OptimizerName::kAdamW, .epsilon = 1e-30, .weight_decay = 0.2}),
      {0.27021627313793256, -0.7880730625393869, 1.8266738755186058});
}

TEST(OptimizerTest, SgdWithoutMomentumFollowsTheGradient) {
  expect_near(after_three_steps({.name = OptimizerName::kSgd}), {0.48, -1, 2.01});
}

TEST(OptimizerTest, AverageBeginsAtTheStartAndThenForgetsAtItsRate) {
  double average = 5;
  ema_update(optimizer_scalars<double>({}, 1e-3, 1, 0.9), 1.0, average);
  EXPECT_NEAR(average, 5 + (1 - 5) * (1 - 2.0 / 11), 1e-14);  // (1 + t) / (10 + t) is less
  average = 5;
  ema_update(optimizer_scalars<double>({}, 1e-3, 1000, 0.9), 1.0, average);
  EXPECT_NEAR(average, 0.9 * 5 + 0.1 * 1, 1e-14);
}

}  // namespace
}  // namespace qmnist
