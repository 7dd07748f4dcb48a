#include "tests/kernels/launcher.h"  // before any kernel

#include <cmath>
#include <utility>

#include "kernels/activation_backward.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

/// What a pass reads and, in deltas, overwrites.
struct Pass {
  std::size_t rows;
  std::size_t columns;
  std::vector<float> derivatives;
  std::vector<float> deltas;
};

/// Half of the derivatives are 0, as a ReLU leaves them, the others powers of 2: products are
/// exact.
Pass make_pass(std::size_t rows, std::size_t columns, std::vector<float> deltas) {
  Pass pass{rows, columns, test::coarse_values(rows * columns, 1), std::move(deltas)};
  for (float& derivative : pass.derivatives) {
    derivative = derivative < 0 ? 0 : std::exp2(std::floor(derivative));
  }
  return pass;
}

struct Result {
  std::vector<float> deltas;
  std::vector<float> bias_gradient;
};

class ActivationBackwardKernelTest : public test::KernelTest {
 protected:
  /// @param spare elements behind the bias gradient, which must stay as they are
  Result result_of(const Pass& pass, std::size_t spare = 0) {
    test::Array derivatives(pass.derivatives);
    test::Array deltas(pass.deltas);
    test::Array bias_gradient(std::vector<float>(pass.columns + spare, test::kUntouched));
    test::Array tile_sums(std::vector<float>(tiles_for(pass.rows) * pass.columns));
    run([&](cudaStream_t stream) {
      return launch_activation_backward(stream, derivatives.data(), deltas.data(),
                                        bias_gradient.data(), tile_sums.data(), pass.rows,
                                        pass.columns);
    });
    return {deltas.values(), bias_gradient.values()};
  }

  /// The chosen deltas are exact. A sum of n floats, added in any order, errs by at most n / 2 eps
  /// times the sum of their magnitudes; of coarse ones by nothing.
  static void compare(const Pass& pass, const Result& result, double eps) {
    for (std::size_t column = 0; column < pass.columns; ++column) {
      double sum = 0;
      double magnitude = 0;
      for (std::size_t row = 0; row < pass.rows; ++row) {
        const std::size_t i = row * pass.columns + column;
        const double want = double{pass.derivatives[i]} * double{pass.deltas[i]};
        ASSERT_EQ(result.deltas[i], want) << row << ", " << column << " of " << pass.columns;
        sum += want;
        magnitude += std::abs(want);
      }
      ASSERT_NEAR(result.bias_gradient[column], sum,
                  eps * static_cast<double>(pass.rows) / 2 * magnitude)
          << pass.rows << " x " << pass.columns << ", column " << column;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, ActivationBackwardKernelTest, test::ways(), test::name_of);

TEST_P(ActivationBackwardKernelTest, MasksDeltasAndSumsThemByColumn) {
  for (const std::size_t rows : test::Sizes{1, 7, 8, 9, 31, 33, 127}) {
    for (const std::size_t columns : test::Sizes{1, 10, 31, 32, 33, 64, 127, 128}) {
      const Pass exact = make_pass(rows, columns, test::coarse_values(rows * columns, 2));
      compare(exact, result_of(exact), 0);
    }
  }
}

TEST_P(ActivationBackwardKernelTest, SumsTheTilesOfALargeBatch) {
  for (const std::size_t rows : test::Sizes{kTileRows, kTileRows + 1, 3 * kTileRows + 77}) {
    for (const std::size_t columns : test::Sizes{1, 33}) {
      const Pass exact = make_pass(rows, columns, test::coarse_values(rows * columns, 2));
      compare(exact, result_of(exact), 0);
    }
  }
}

TEST_P(ActivationBackwardKernelTest, SumsRoundedDeltasTheSameWayEachTime) {
  const Pass fine = make_pass(127, 70, test::fine_values(8890, 3, -1, 1));
  const Result first = result_of(fine);
  const Result second = result_of(fine);
  compare(fine, first, test::kEpsilon);
  EXPECT_TRUE(test::same_bits(first.bias_gradient, second.bias_gradient));
  EXPECT_TRUE(test::same_bits(first.deltas, second.deltas));
}

TEST_P(ActivationBackwardKernelTest, LeavesWhatFollowsAlone) {
  Pass pass = make_pass(9, 33, test::coarse_values(297, 2));
  pass.deltas.resize(330, test::kUntouched);
  const Result result = result_of(pass, 31);
  compare(pass, result, 0);
  for (std::size_t i = 0; i < 31; ++i) {
    EXPECT_EQ(result.bias_gradient[33 + i], test::kUntouched);
    EXPECT_EQ(result.deltas[297 + i], test::kUntouched);
  }
}

}  // namespace
}  // namespace qmnist
