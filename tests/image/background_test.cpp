#include "host/image/background.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace qmnist {
namespace {

Plane plane(std::size_t width, std::size_t height,
            const std::function<double(double x, double y)>& level) {
  Plane result{.width = width, .height = height, .levels = {}};
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      result.levels.push_back(
          static_cast<float>(level(static_cast<double>(x), static_cast<double>(y))));
    }
  }
  return result;
}

/// Expects the ink to stand out by so much, and every pixel to be told from the other kind.
void expect_ink(const Plane& levels, const std::function<bool(double x, double y)>& is_ink,
                float strength) {
  const std::optional<ForegroundMap> found = subtract_background(levels);
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(found->ink, strength, 0.1F * strength);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < levels.levels.size(); ++i) {
    const bool expected = is_ink(static_cast<double>(i % levels.width),
                                 static_cast<double>(i / levels.width));  // NOLINT: whole rows
    wrong += (found->strength.levels[i] > found->threshold) != expected ? 1 : 0;
  }
  EXPECT_LE(wrong, levels.levels.size() / 500);
}

TEST(BackgroundTest, FindsAThinStrokeInShadeThatIsStrongerThanIt) {
  std::mt19937 generator(3);
  std::normal_distribution<double> noise(0, 6);
  const auto stroke = [](double x, double y) { return x >= 70 && x < 76 && y >= 60 && y < 140; };
  expect_ink(plane(256, 213,
                   [&](double x, double y) {
                     const double across = x / 128 - 1;
                     const double down = y / 106 - 1;
                     const double light =
                         170 + 80 * across - 60 * down - 40 * (across * across + down * down);
                     return light - (stroke(x, y) ? 60 : 0) + noise(generator);
                   }),
             stroke, 60);
}

TEST(BackgroundTest, FindsInkThatTakesHalfOfThePicture) {
  const auto ink = [](double x, double y) { return x >= 8 && x < 32 && y >= 6 && y < 90; };
  expect_ink(plane(40, 96, [&](double x, double y) { return ink(x, y) ? 50 : 200; }), ink, 150);
}

TEST(BackgroundTest, ThereIsNoInkOnShadeAlone) {
  EXPECT_FALSE(subtract_background(plane(40, 30, [](double, double) { return 128; })).has_value());
  EXPECT_FALSE(subtract_background(plane(1, 1, [](double, double) { return 7; })).has_value());
  const auto shade = subtract_background(
      plane(60, 50, [](double x, double y) { return 20 + x + 2 * y - 0.01 * x * y; }));
  EXPECT_LT(shade ? shade->ink : 0, 2);  // grey levels; what the ridge leaves
}

TEST(BackgroundTest, OtsuPartsTwoHeaps) {
  std::vector<float> values;
  for (int i = 0; i < 100; ++i) {
    values.push_back(static_cast<float>(i % 10));
    values.push_back(static_cast<float>(50 + i % 20));
  }
  const float threshold = otsu_threshold(values);
  EXPECT_GT(threshold, 9);
  EXPECT_LE(threshold, 50);
}

}  // namespace
}  // namespace qmnist
