#include "tests/kernels/launcher.h"  // before any kernel

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/bias_activation.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class BiasActivationKernelTest : public test::KernelTest {
 protected:
  /// Compares with the formula in double; the sums are exact.
  void compare(const ActivationParams& units, const RowRandom* random, std::size_t rows,
               std::size_t columns, std::size_t spare) {
    const auto products = test::coarse_values(rows * columns + spare, 1);
    const auto bias = test::coarse_values(columns, 2);
    test::Array outputs(products);
    test::Array derivatives(std::vector<float>(products.size(), test::kUntouched));
    test::Array device_bias(bias);
    test::Array device_random(std::vector<RowRandom>{random == nullptr ? RowRandom{} : *random});
    run([&](cudaStream_t stream) {
      return launch_bias_activation(stream, outputs.data(), derivatives.data(), device_bias.data(),
                                    units, random == nullptr ? nullptr : device_random.data(), rows,
                                    columns);
    });
    const auto values = outputs.values();
    const auto derivative_values = derivatives.values();
    // Of relu and its like there is one rounding, by the dropout's factor; the error function, the
    // exponential and tanh are good to a few eps, times |z| <= 8.
    const bool curved =
        units.activation == Activation::kGelu || units.activation == Activation::kTanh;
    const double tolerance = curved ? 64 * test::kEpsilon : 8 * test::kEpsilon;
    for (std::size_t i = 0; i < rows * columns; ++i) {
      const double z = double{products[i]} + double{bias[i % columns]};
      const double factor = factor_of(units, random, i / columns, i % columns);
      ASSERT_NEAR(values[i], activate(units.activation, z) * factor, tolerance) << i;
      ASSERT_NEAR(derivative_values[i], activation_derivative(units.activation, z) * factor,
                  tolerance)
          << i;
    }
    for (std::size_t i = rows * columns; i < values.size(); ++i) {
      ASSERT_EQ(values[i], products[i]) << i;
      ASSERT_EQ(derivative_values[i], test::kUntouched) << i;
    }
  }

 private:
  static double factor_of(const ActivationParams& units, const RowRandom* random, std::size_t row,
                          std::size_t column) {
    if (random == nullptr) {
      return 1;
    }
    RowRandom of_row = *random;
    of_row.row = static_cast<std::uint32_t>(row);
    std::array<float, kDropoutGroup> factors{};
    dropout_factors(units.dropout, of_row, units.layer, column / kDropoutGroup, factors.data());
    return double{factors[column % kDropoutGroup]};
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, BiasActivationKernelTest, test::ways(), test::name_of);

TEST_P(BiasActivationKernelTest, AddsEachColumnsBiasAndActivates) {
  for (const ActivationChoice& activation : kActivations) {
    for (const std::size_t rows : test::Sizes{1, 31, 33}) {
      for (const std::size_t columns : test::Sizes{1, 7, 8, 9, 33, 128}) {
        compare({activation.value, Dropout(0), 0}, nullptr, rows, columns, 0);
      }
    }
  }
}

TEST_P(BiasActivationKernelTest, DropsTheUnitsThatTheFormulaDrops) {
  const RowRandom random{.step = 77, .row = 0, .seed = 5};
  for (const std::size_t columns : test::Sizes{1, 7, 9, 64, 130}) {
    compare({Activation::kRelu, Dropout(0.4), 1}, &random, 17, columns, 0);
    compare({Activation::kGelu, Dropout(0.4), 2}, &random, 17, columns, 0);
  }
}

TEST_P(BiasActivationKernelTest, NeedsNoDerivativesToPredict) {
  test::Array outputs(test::coarse_values(33, 1));
  test::Array bias(test::coarse_values(11, 2));
  run([&](cudaStream_t stream) {
    return launch_bias_activation(stream, outputs.data(), nullptr, bias.data(),
                                  {Activation::kRelu, Dropout(0), 0}, nullptr, 3, 11);
  });
  const auto products = test::coarse_values(33, 1);
  const auto biases = test::coarse_values(11, 2);
  for (std::size_t i = 0; i < products.size(); ++i) {
    EXPECT_EQ(outputs.values()[i], std::max(products[i] + biases[i % 11], 0.0F)) << i;
  }
}

TEST_P(BiasActivationKernelTest, LeavesWhatFollowsAlone) {
  compare({Activation::kRelu, Dropout(0), 0}, nullptr, 3, 33, 1);
  compare({Activation::kTanh, Dropout(0), 0}, nullptr, 8, 32, 300);
}

}  // namespace
}  // namespace qmnist
