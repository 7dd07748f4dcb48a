#include "host/image/resize.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "host/image/scale.h"

namespace qmnist {
namespace {

// That resize_bilinear() is OpenCV's, preprocess_test checks on OpenCV's own results.

TEST(ResizeTest, AFlatPictureStaysFlat) {
  for (const std::array<std::size_t, 2> size :
       {std::array<std::size_t, 2>{1, 1}, {3, 200}, {28, 28}, {56, 56}, {57, 31}}) {
    const GreyImage flat{.width = size[0],
                         .height = size[1],
                         .pixels = std::vector<std::uint8_t>(size[0] * size[1], 200)};
    EXPECT_EQ(resize_bilinear(flat, 28, 28).pixels, std::vector<std::uint8_t>(784, 200));
    for (const float level : scaled(flat, 20, 13).levels) {
      EXPECT_NEAR(level, 200, 1e-3);
    }
  }
}

TEST(ResizeTest, HalvesByMeansOfFour) {
  const GreyImage image{.width = 4, .height = 2, .pixels = {1, 2, 10, 20, 3, 4, 30, 41}};
  EXPECT_EQ(resize_bilinear(image, 2, 1).pixels, (std::vector<std::uint8_t>{3, 25}));
}

TEST(ScaleTest, ShrinkingKeepsTheMeanOfEveryPlace) {
  // A single bright level among 64: wherever it lies inside, it counts alike.
  for (const std::size_t at : {20UL, 27UL, 32UL, 43UL}) {
    Plane line{.width = 64, .height = 1, .levels = std::vector<float>(64)};
    line.levels[at] = 1;
    const Plane small = scaled(line, 8, 1);
    EXPECT_NEAR(std::accumulate(small.levels.begin(), small.levels.end(), 0.0F), 1.0F / 8, 1e-5F);
  }
}

TEST(ScaleTest, EnlargingInterpolates) {
  const Plane line{.width = 2, .height = 1, .levels = {0, 1}};
  const Plane large = scaled(line, 4, 1);
  constexpr std::array<float, 4> kExpected{0, 0.25F, 0.75F, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(large.levels[i], kExpected.at(i), 1e-6F);
  }
}

}  // namespace
}  // namespace qmnist
