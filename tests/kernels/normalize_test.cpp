#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/normalize.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class NormalizeKernelTest : public test::KernelTest {};
INSTANTIATE_TEST_SUITE_P(Kernels, NormalizeKernelTest, test::ways(), test::name_of);

TEST_P(NormalizeKernelTest, DividesEachPixelOfTheCount) {
  for (const std::size_t count : test::kCounts) {
    for (const std::size_t spare : test::Sizes{0, 1, 6}) {
      const auto pixels = test::bytes(count + spare, 1, 256);
      test::Array device_pixels(pixels);
      test::Array inputs(std::vector<float>(count + spare, test::kUntouched));
      run([&](cudaStream_t stream) {
        return launch_normalize(stream, device_pixels.data(), inputs.data(), count);
      });
      const auto values = inputs.values();
      for (std::size_t i = 0; i < values.size(); ++i) {
        // One division, correctly rounded everywhere.
        const auto want = static_cast<float>(normalize<double>(pixels[i]));
        ASSERT_EQ(values[i], i < count ? want : test::kUntouched)
            << "pixel " << i << " of " << count;
      }
    }
  }
}

}  // namespace
}  // namespace qmnist
