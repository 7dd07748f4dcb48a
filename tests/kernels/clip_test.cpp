#include "tests/kernels/launcher.h"  // before any kernel

#include <cmath>

#include "kernels/clip.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class ClipKernelTest : public test::KernelTest {
 protected:
  /// The scale of the first `count` gradients.
  float scale_of(const std::vector<float>& gradients, std::size_t count, float clip_norm) {
    test::Array device_gradients(gradients);
    test::Array partial_sums{std::vector<double>(kClipBlocks)};
    test::Array scale(std::vector<float>{test::kUntouched});
    run([&](cudaStream_t stream) {
      return launch_clip_scale(stream, device_gradients.data(), clip_norm, partial_sums.data(),
                               scale.data(), count);
    });
    return scale.values().front();
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, ClipKernelTest, test::ways(), test::name_of);

double length(const std::vector<float>& values, std::size_t count) {
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    squares += double{values[i]} * double{values[i]};
  }
  return std::sqrt(squares);
}

TEST_P(ClipKernelTest, ScalesLongGradientsToTheNorm) {
  for (const std::size_t count : test::kCounts) {
    const auto gradients = test::fine_values(count + 3, 1, -1, 1);  // the last three do not count
    const double want = double{0.01F} / length(gradients, count);
    // The sum in double errs by far less than the scale's rounding to float.
    ASSERT_NEAR(scale_of(gradients, count, 0.01F), want, 0.51 * test::kEpsilon * want) << count;
  }
}

TEST_P(ClipKernelTest, LeavesShortOnesAlone) {
  EXPECT_EQ(scale_of(test::fine_values(1025, 1, -1, 1), 1025, 1000), 1);
}

}  // namespace
}  // namespace qmnist
