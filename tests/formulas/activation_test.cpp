#include "kernels/activation.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace qmnist {
namespace {

TEST(ActivationTest, HasTheValuesOfPyTorch) {
  // torch.nn.functional.{relu, leaky_relu, gelu, tanh}(torch.tensor([-1.5, 0, 0.7], dtype=float64))
  const std::array<std::array<double, 3>, 4> expected{
      {{0, 0, 0.7},
       {-0.015, 0, 0.7},
       {-0.10021080195328713, 0, 0.530625443779859},
       {-0.9051482536448664, 0, 0.6043677771171636}}};
  const std::array<double, 3> inputs{-1.5, 0, 0.7};
  for (std::size_t a = 0; a < expected.size(); ++a) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_NEAR(activate(static_cast<Activation>(a), inputs[i]), expected[a][i], 1e-9)
          << a << " " << inputs[i];
    }
  }
}

TEST(ActivationTest, DerivativesAgreeWithFiniteDifferences) {
  constexpr double kStep = 1e-5;
  for (const auto& [activation, name, onnx, cpp] : kActivations) {
    for (const double z : {-6.0, -1.3, -0.2, 0.1, 0.9, 4.0}) {
      const double difference = activate(activation, z + kStep) - activate(activation, z - kStep);
      EXPECT_NEAR(activation_derivative(activation, z), difference / (2 * kStep), 1e-9)
          << name << " " << z;
    }
  }
}

TEST(ActivationTest, DerivativesAtZeroAreThoseFromBelow) {
  EXPECT_EQ(activation_derivative(Activation::kRelu, 0.0F), 0.0F);
  EXPECT_EQ(activation_derivative(Activation::kLeakyRelu, 0.0), 0.01);
}

TEST(ActivationTest, NanPropagates) {
  for (const ActivationChoice& row : kActivations) {
    EXPECT_TRUE(std::isnan(activate(row.value, std::numeric_limits<float>::quiet_NaN())))
        << row.name;
  }
}

}  // namespace
}  // namespace qmnist
