#include "host/engines/augmentation.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "host/json.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

constexpr std::size_t kSide = kDistortSide;
using Image = std::array<std::uint8_t, kSide * kSide>;

Image random_image(std::uint32_t seed) {
  std::mt19937 generator(seed);
  Image image{};
  for (std::uint8_t& pixel : image) {
    pixel = static_cast<std::uint8_t>(generator() % 256);
  }
  return image;
}

AugmentationSettings settings_of(const Json& json) {
  return {.rotation = json.at("rotation"),
          .scale = json.at("scale"),
          .shear = json.at("shear"),
          .shift = json.at("shift"),
          .elastic = json.at("elastic"),
          .elastic_sigma = json.at("elastic_sigma")};
}

TEST(AugmentationTest, DistortsAsSciPyDoes) {
  const Json vectors = parse_json(test::read_file(
      test::source_dir() / "tests/fixtures/augmentation/augmentation_vectors.json"));
  const Image image = vectors.at("image");
  for (const Json& expected : vectors.at("cases")) {
    const Augmentation augmentation(settings_of(expected.at("settings")), vectors.at("seed"));
    Image actual{};
    distort(image.data(), augmentation.distortion(vectors.at("step"), vectors.at("row")),
            augmentation.elastic(), actual.data());
    double sum = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const double difference = actual[i] - expected.at("pixels").at(i).get<double>();
      // A position is cut off to 1/256 of a pixel, an elastic displacement is off by half of that
      // at most, along each of two axes; neighbours differ by up to 255 levels; and half a level.
      EXPECT_LE(std::abs(difference), 2 * 1.5 / 256 * 255 + 0.5)
          << expected.at("settings") << " " << i;
      sum += std::abs(difference);
    }
    EXPECT_LE(sum / static_cast<double>(actual.size()), 0.3) << expected.at("settings");
  }
}

TEST(AugmentationTest, NoDistortionGivesTheImageBack) {
  const Image image = random_image(1);
  const Augmentation none({}, 7);
  EXPECT_FALSE(none.active());
  Image actual{};
  distort(image.data(), none.distortion(3, 4), none.elastic(), actual.data());
  EXPECT_EQ(actual, image);
  const ElasticWeights weightless = elastic_weights({});
  distort(image.data(), none.distortion(3, 4), &weightless, actual.data());
  EXPECT_EQ(actual, image);
}

TEST(AugmentationTest, EveryImageAndStepIsDistortedInItsOwnWay) {
  const Image image = random_image(2);
  const Augmentation augmentation({.rotation = 5, .elastic = 1}, 0);
  const auto of = [&](std::uint64_t step, std::size_t row) {
    Image actual{};
    distort(image.data(), augmentation.distortion(step, row), augmentation.elastic(),
            actual.data());
    return actual;
  };
  EXPECT_EQ(of(1, 2), of(1, 2));
  EXPECT_NE(of(1, 2), of(2, 2));
  EXPECT_NE(of(1, 2), of(1, 3));
}

/// Displacements of the middle of the image, of many fields, in pixels.
std::vector<double> middle_displacements(const ElasticWeights& weights, std::size_t count) {
  std::vector<double> displacements;
  ElasticField field{};
  for (std::size_t n = 0; n < count; ++n) {
    for (int draw = 0; draw < kNoiseDraws; ++draw) {
      draw_noise({n, 0, 0}, draw, field);
    }
    for (int i = 0; i < 2 * kNoiseSide * kDistortSide; ++i) {
      smooth_noise(weights, i, field);
    }
    const FixedPoint moved = displacement(weights, field, kDistortSide / 2, kDistortSide / 2);
    displacements.push_back(moved.x / 65536.0);
    displacements.push_back(moved.y / 65536.0);
  }
  return displacements;
}

TEST(AugmentationTest, ElasticDisplacementsHaveTheDeviationAskedFor) {
  for (const double sigma : {3.0, 4.0, 10.0}) {
    for (const double elastic : {0.5, 4.0}) {
      constexpr std::size_t kFields = 2000;
      const auto displacements = middle_displacements(
          elastic_weights({.elastic = elastic, .elastic_sigma = sigma}), kFields);
      double sum = 0;
      double squares = 0;
      for (const double value : displacements) {
        sum += value;
        squares += value * value;
      }
      const double count = 2 * kFields;
      // Four standard errors, of a mean and of a deviation.
      EXPECT_NEAR(sum / count, 0, 4 * elastic / std::sqrt(count)) << sigma;
      EXPECT_NEAR(std::sqrt(squares / count), elastic, 4 * elastic / std::sqrt(2 * count)) << sigma;
    }
  }
}

TEST(AugmentationTest, AffineDrawsStayWithinTheirBounds) {
  double leftmost = 0;
  double rightmost = 0;
  for (std::uint64_t step = 0; step < 1000; ++step) {
    const Distortion moved = draw_distortion({.shift = 2}, {step, 0, 0});
    leftmost = std::min(leftmost, moved.origin.x / 65536.0);
    rightmost = std::max(rightmost, moved.origin.x / 65536.0);
    EXPECT_EQ(moved.across.x, 65536);
    EXPECT_EQ(moved.down.x, 0);
  }
  // One draw of a thousand comes within 1 % of the end with a probability of 0.993.
  EXPECT_GE(leftmost, -2);
  EXPECT_LE(leftmost, -1.98);
  EXPECT_LE(rightmost, 2);
  EXPECT_GE(rightmost, 1.98);
}

}  // namespace
}  // namespace qmnist
