#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <thread>
#include <vector>

#include "kernels/scalar.h"

namespace qmnist {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kSmallest = std::numeric_limits<float>::min();

/// A function in float, the same in double, and where their results are normal floats.
struct Function {
  const char* name;
  float (*actual)(float);
  double (*expected)(double);
  float first;
  float last;
  double ulps;  ///< the largest error
};

const std::vector<Function> kFunctions{
    {"exponential", exponential<float>, [](double x) { return std::exp(x); }, -87.33654F, 88.72283F,
     0.892},
    {"natural_log", natural_log<float>, [](double x) { return std::log(x); }, kSmallest, kLargest,
     0.941},
    {"hyperbolic_tangent", hyperbolic_tangent<float>, [](double x) { return std::tanh(x); },
     -kLargest, kLargest, 1.59},
    {"gaussian", gaussian<float>, [](double x) { return std::exp(-x * x / 2); }, -13.2F, 13.2F,
     1.36},
    {"normal_cdf", [](float x) { return normal_cdf(x, gaussian(x)); },
     [](double x) { return std::erfc(-x * std::sqrt(0.5)) / 2; }, -13, kLargest, 5.06},
};

/// Largest error over the floats of the function's range whose bits are first, first + stride, ...
double largest_error(const Function& function, std::uint64_t first, std::uint64_t stride) {
  double largest = 0;
  for (std::uint64_t bits = first; bits <= 0xFFFFFFFFU; bits += stride) {
    const float x = float_of(static_cast<std::uint32_t>(bits));
    if (!(function.first <= x && x <= function.last) || std::fpclassify(x) == FP_SUBNORMAL) {
      continue;
    }
    const double expected = function.expected(x);
    const double error = std::abs(static_cast<double>(function.actual(x)) - expected);
    const double ulp = std::ldexp(1, std::max(std::ilogb(static_cast<float>(expected)), -126) - 23);
    if (!(error <= largest * ulp)) {
      largest = error / ulp;
    }
  }
  return largest;
}

class ElementaryTest : public testing::TestWithParam<Function> {};
INSTANTIATE_TEST_SUITE_P(Functions, ElementaryTest, testing::ValuesIn(kFunctions),
                         [](const auto& function) { return function.param.name; });

TEST_P(ElementaryTest, IsAccurate) {
  EXPECT_LE(largest_error(GetParam(), 0, 4099), GetParam().ulps);
}

/// All 2^32 floats, which take a minute or two: run it by hand after a change of a formula.
TEST_P(ElementaryTest, DISABLED_IsAccurateEverywhere) {
  const std::size_t threads = std::thread::hardware_concurrency();
  std::vector<double> errors(threads);
  {
    std::vector<std::jthread> pool;
    for (std::size_t thread = 0; thread < threads; ++thread) {
      pool.emplace_back(
          [&, thread] { errors[thread] = largest_error(GetParam(), thread, threads); });
    }
  }
  EXPECT_LE(std::ranges::max(errors), GetParam().ulps);
  std::cout << GetParam().name << ": " << std::ranges::max(errors) << " ulp\n";
}

TEST(ElementaryTest, SpecialValues) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (float (*function)(float) :
       {exponential<float>, natural_log<float>, hyperbolic_tangent<float>, gaussian<float>}) {
    EXPECT_TRUE(std::isnan(function(nan)));
    EXPECT_TRUE(std::isnan(function(float_of(0x7FFFFFFFU))));  // a GPU's
  }
  EXPECT_EQ(exponential(-kInf), 0);
  EXPECT_EQ(exponential(-88.0F), 0);  // 2^-127
  EXPECT_EQ(exponential(0.0F), 1);
  EXPECT_EQ(exponential(89.0F), kInf);
  EXPECT_EQ(exponential(kInf), kInf);
  EXPECT_EQ(natural_log(0.0F), -kInf);
  EXPECT_EQ(natural_log(1.0F), 0);
  EXPECT_EQ(natural_log(kInf), kInf);
  EXPECT_TRUE(std::isnan(natural_log(-1.0F)));
  EXPECT_EQ(hyperbolic_tangent(kInf), 1);
  EXPECT_EQ(hyperbolic_tangent(-kInf), -1);
  EXPECT_TRUE(std::signbit(hyperbolic_tangent(-0.0F)));
  for (const float large : {20.0F, 1e20F, kLargest, kInf}) {
    EXPECT_EQ(gaussian(large), 0);
    EXPECT_EQ(normal_cdf(large, 0.0F), 1);
    EXPECT_EQ(normal_cdf(-large, 0.0F), 0);
  }
  EXPECT_EQ(normal_cdf(0.0F, 1.0F), 0.5F);
}

TEST(ElementaryTest, PowersOfIntegers) {
  EXPECT_EQ(power(0.9, 0), 1);
  EXPECT_EQ(power(0.5, 7), 0x1p-7);
  EXPECT_NEAR(power(0.999, 30000), std::pow(0.999, 30000), 1e-12 * std::pow(0.999, 30000));
}

}  // namespace
}  // namespace qmnist
