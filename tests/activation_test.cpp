#include "kernels/activation.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace qmnist {
namespace {

constexpr std::array kAll{Activation::kRelu, Activation::kLeakyRelu, Activation::kGelu,
                          Activation::kTanh};

TEST(ActivationTest, HasTheValuesOfPyTorch) {
  // torch.nn.functional.{relu, leaky_relu, gelu, tanh}(torch.tensor([-1.5, 0, 0.7], dtype=float64))
  const std::array<std::array<double, 3>, 4> expected{
      {{0, 0, 0.7},
       {-0.015, 0, 0.7},
       {-0.10021080195328713, 0, 0.530625443779859},
       {-0.9051482536448664, 0, 0.6043677771171636}}};
  const std::array<double, 3> inputs{-1.5, 0, 0.7};
  for (std::size_t a = 0; a < kAll.size(); ++a) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_NEAR(activate(kAll[a], inputs[i]), expected[a][i], 1e-9) << a << " " << inputs[i];
    }
  }
}

TEST(ActivationTest, SlopeIsTheDerivative) {
  constexpr double kStep = 1e-5;
  for (const Activation activation : kAll) {
    for (const double z : {-6.0, -1.3, -0.2, 0.1, 0.9, 4.0}) {
      const double difference = activate(activation, z + kStep) - activate(activation, z - kStep);
      EXPECT_NEAR(activation_slope(activation, z), difference / (2 * kStep), 1e-9) << z;
    }
  }
}

TEST(ActivationTest, ReluTakesTheSlopeFromBelowAtZero) {
  EXPECT_EQ(activation_slope(Activation::kRelu, 0.0F), 0.0F);
  EXPECT_EQ(activation_slope(Activation::kLeakyRelu, 0.0), 0.01);
}

TEST(ActivationTest, WhatIsNoNumberStaysSo) {
  for (const Activation activation : kAll) {
    EXPECT_TRUE(std::isnan(activate(activation, std::numeric_limits<float>::quiet_NaN())));
  }
}

}  // namespace
}  // namespace qmnist
