#include "tests/kernels/launcher.h"  // before any kernel

#include <cmath>

#include "kernels/clip.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class ClipKernelTest : public test::KernelTest {
 protected:
  /// The gradients and what is left of them.
  std::pair<std::vector<float>, std::vector<float>> clip(std::size_t count, std::size_t spare,
                                                         float clip_norm) {
    auto gradients = test::fine_values(count + spare, 1, -1, 1);
    test::Array device_gradients(gradients);
    test::Array partial_sums{std::vector<double>(kClipBlocks)};
    run([&](cudaStream_t stream) {
      return launch_clip(stream, device_gradients.data(), clip_norm, partial_sums.data(), count);
    });
    return {gradients, device_gradients.values()};
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

TEST_P(ClipKernelTest, CutsLongGradientsToTheNorm) {
  for (const std::size_t count : test::kCounts) {
    const auto [gradients, clipped] = clip(count, 3, 0.01F);
    const double scale = double{0.01F} / length(gradients, count);
    for (std::size_t i = 0; i < count; ++i) {
      // The scale is rounded, and its product.
      ASSERT_NEAR(clipped[i], double{gradients[i]} * scale, test::kEpsilon * scale) << i;
    }
    for (std::size_t i = count; i < gradients.size(); ++i) {
      ASSERT_EQ(clipped[i], gradients[i]) << "beyond " << count;
    }
  }
}

TEST_P(ClipKernelTest, LeavesShortOnesAlone) {
  const auto [gradients, clipped] = clip(1025, 0, 1000);
  EXPECT_TRUE(test::same_bits(gradients, clipped));
}

}  // namespace
}  // namespace qmnist
