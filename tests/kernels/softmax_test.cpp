#include "tests/kernels/launcher.h"  // before any kernel

#include <cmath>
#include <limits>

#include "kernels/softmax.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

/// exp errs by at most 1 ulp, so eps, for the terms and for their sum; n - 1 additions and the
/// division err by eps / 2 each: (n / 2 + 2) eps. Below the smallest normal float, all bets are
/// off.
double tolerance(std::size_t classes, double probability) {
  return (static_cast<double>(classes) / 2 + 2) * test::kEpsilon * probability +
         double{std::numeric_limits<float>::min()};
}

class BiasSoftmaxKernelTest : public test::KernelTest {
 protected:
  std::vector<float> result_of(const std::vector<float>& products, const std::vector<float>& bias,
                               std::size_t rows) {
    test::Array outputs(products);
    test::Array device_bias(bias);
    run([&](cudaStream_t stream) {
      return launch_bias_softmax(stream, outputs.data(), device_bias.data(), rows, bias.size());
    });
    return outputs.values();
  }

  void compare(std::size_t rows, std::size_t classes, std::size_t spare) {
    const auto products = test::coarse_values(rows * classes + spare, 1);  // so logits are exact
    const auto bias = test::coarse_values(classes, 2);
    const auto outputs = result_of(products, bias, rows);
    std::vector<double> want(classes);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < classes; ++i) {
        want[i] = double{products[row * classes + i]} + bias[i];
      }
      softmax(want.data(), classes, want.data());
      for (std::size_t i = 0; i < classes; ++i) {
        ASSERT_NEAR(outputs[row * classes + i], want[i], tolerance(classes, want[i]))
            << rows << " x " << classes << ": " << row << ", " << i;
      }
    }
    for (std::size_t i = rows * classes; i < outputs.size(); ++i) {
      ASSERT_EQ(outputs[i], products[i]) << "beyond row " << rows;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, BiasSoftmaxKernelTest, test::ways(), test::name_of);

TEST_P(BiasSoftmaxKernelTest, TurnsLogitsIntoProbabilities) {
  for (const std::size_t rows : test::Sizes{1, 31, 32, 33, 127, 256, 257}) {
    for (const std::size_t classes : test::Sizes{1, 2, 10, 33}) {
      compare(rows, classes, 0);
      compare(rows, classes, classes + 3);
    }
  }
}

TEST_P(BiasSoftmaxKernelTest, StaysFiniteForExtremeLogits) {
  const std::vector<float> logits = {1e30F, 0,     -1e30F, -1e30F, -1e30F, 1e30F,
                                     1e30F, 1e30F, 1e30F,  -1e30F, -1e30F, -1e30F};
  const auto outputs = result_of(logits, {0, 0, 0}, 4);
  const float third = 1.0F / 3;
  EXPECT_EQ(outputs,
            (std::vector<float>{1, 0, 0, 0, 0, 1, third, third, third, third, third, third}));
}

TEST_P(BiasSoftmaxKernelTest, GivesTheSameBitsEachTime) {
  const auto products = test::fine_values(2570, 3, -9, 9);
  const auto bias = test::fine_values(10, 4, -1, 1);
  EXPECT_TRUE(test::same_bits(result_of(products, bias, 257), result_of(products, bias, 257)));
}

}  // namespace
}  // namespace qmnist
