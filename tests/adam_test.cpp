#include "kernels/adam.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/support.h"

namespace qmnist {
namespace {

using nlohmann::json;
using Values = std::vector<double>;

json keras_vectors() {
  return json::parse(test::read_file(test::source_dir() / "tests/fixtures/adam/adam_vectors.json"));
}

AdamSettings settings_of(const json& expected) {
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
  const AdamSettings settings = settings_of(expected);
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
    const auto scalars = adam_step<Real>(settings, expected.at("learning_rate"), step + 1);
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
  const auto step = adam_step<double>({.epsilon = 1e-300}, 0.5, 1);
  for (const double gradient : {-3.0, 1e-6, 7.0}) {
    double parameter = 1;
    double first = 0;
    double second = 0;
    adam_update(step, gradient, parameter, first, second);
    EXPECT_NEAR(parameter, gradient > 0 ? 0.5 : 1.5, 1e-12);
  }
}

TEST(AdamTest, ZeroGradientFromTheStartChangesNothing) {
  float parameter = 0.25F;
  float first = 0;
  float second = 0;
  for (std::uint64_t t = 1; t <= 3; ++t) {
    adam_update(adam_step<float>(AdamSettings{}, 1e-3, t), 0.0F, parameter, first, second);
  }
  EXPECT_EQ(parameter, 0.25F);
  EXPECT_EQ(first, 0.0F);
  EXPECT_EQ(second, 0.0F);
}

}  // namespace
}  // namespace qmnist
