#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/bias_relu.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class BiasReluKernelTest : public test::KernelTest {
 protected:
  /// Compares with the formula in double, exactly, as the sums are exact.
  void compare(std::size_t rows, std::size_t columns, std::size_t spare) {
    const auto products = test::coarse_values(rows * columns + spare, 1);
    const auto bias = test::coarse_values(columns, 2);
    test::Array outputs(products);
    test::Array device_bias(bias);
    run([&](cudaStream_t stream) {
      return launch_bias_relu(stream, outputs.data(), device_bias.data(), rows, columns);
    });
    const auto values = outputs.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double want =
          i < rows * columns ? relu(double{products[i]} + bias[i % columns]) : double{products[i]};
      ASSERT_EQ(values[i], want) << rows << " x " << columns << ", element " << i;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, BiasReluKernelTest, test::ways(), test::name_of);

TEST_P(BiasReluKernelTest, AddsEachColumnsBiasAndCutsOff) {
  for (const std::size_t rows : test::Sizes{1, 31, 32, 33, 127}) {
    for (const std::size_t columns : test::Sizes{1, 10, 31, 33, 64, 127, 128}) {
      compare(rows, columns, 0);
    }
  }
}

TEST_P(BiasReluKernelTest, LeavesWhatFollowsAlone) {
  compare(3, 33, 1);
  compare(8, 32, 300);
}

}  // namespace
}  // namespace qmnist
