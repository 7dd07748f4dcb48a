#include "tests/kernels/launcher.h"  // before any kernel

#include "kernels/distort.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

class DistortKernelTest : public test::KernelTest {};
INSTANTIATE_TEST_SUITE_P(Kernels, DistortKernelTest, test::ways(), test::name_of);

constexpr std::size_t kPixels = std::size_t{kDistortSide} * kDistortSide;

/// Turned, slanted and moved, differently for each image; some pixels come from far outside.
std::vector<Distortion> some_distortions(std::size_t count) {
  std::vector<Distortion> distortions;
  for (std::size_t i = 0; i < count; ++i) {
    const auto more = static_cast<std::int32_t>(i * 1000);
    distortions.push_back({.origin = {-300000 + 7 * more, 123456},
                           .across = {60000 + more, 20000 - more},
                           .down = {-20000, 70000 + 2 * more},
                           .random = {i, 3, 4}});
  }
  return distortions;
}

ElasticWeights some_weights() {
  ElasticWeights weights{};
  for (int pixel = 0; pixel < kDistortSide; ++pixel) {
    for (int i = 0; i < kNoiseSide; ++i) {
      const int distance = pixel - (i * kNoiseStep - kNoiseMargin);
      weights.across[pixel][i] = static_cast<std::int16_t>(40960 / (10 + distance * distance));
      weights.down[pixel][i] = static_cast<std::int16_t>(81920 / (10 + distance * distance));
    }
  }
  return weights;
}

TEST_P(DistortKernelTest, WritesWhatDistortAndNormalizeGive) {
  const ElasticWeights elastic = some_weights();
  test::Array device_elastic(std::vector{elastic});
  for (const std::size_t count : test::Sizes{1, 2, 5}) {
    for (const bool bent : {false, true}) {
      const auto pixels = test::bytes(count * kPixels, 1, 256);
      const auto distortions = some_distortions(count);
      test::Array device_pixels(pixels);
      test::Array device_distortions(distortions);
      test::Array inputs(std::vector<float>(count * kPixels + 3, test::kUntouched));
      run([&](cudaStream_t stream) {
        return launch_distort(stream, device_pixels.data(), device_distortions.data(),
                              bent ? device_elastic.data() : nullptr, inputs.data(), count);
      });
      const auto values = inputs.values();
      for (std::size_t image = 0; image < count; ++image) {
        std::vector<std::uint8_t> expected(kPixels);
        distort(pixels.data() + image * kPixels, distortions[image], bent ? &elastic : nullptr,
                expected.data());
        for (std::size_t i = 0; i < kPixels; ++i) {
          ASSERT_EQ(values[image * kPixels + i], normalize<float>(expected[i]))
              << "pixel " << i << " of image " << image << " of " << count;
        }
      }
      EXPECT_EQ(values[count * kPixels], test::kUntouched);
    }
  }
}

}  // namespace
}  // namespace qmnist
