#include "host/engines/teacher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tests/support/small_data.h"
#include "tests/support/thread_world.h"

namespace qmnist {
namespace {

constexpr std::size_t kClasses = 10;
constexpr std::size_t kBatch = 7;

Model small_model(std::uint32_t seed, const std::vector<std::size_t>& hidden) {
  const Network network(kPixels, hidden, kClasses);
  return {network, initial_state(network, seed).parameters, numbered_classes(kClasses)};
}

std::vector<Model> small_models() {
  return {small_model(1, {20}), small_model(2, {20}), small_model(3, {9, 5})};
}

EngineSettings student_settings(const AugmentationSettings& augmentation = {}) {
  return {.network = Network(kPixels, std::array<std::size_t, 1>{8}, kClasses),
          .optimizer = {},
          .batch_size = kBatch,
          .threads = 2,
          .seed = 11,
          .augmentation = augmentation,
          .teacher = {.models = {"its.safetensors"}, .weight = 0.5, .temperature = 2}};
}

constexpr AugmentationSettings kStrong{
    .rotation = 20, .shift = 2, .elastic = 1.5, .elastic_sigma = 5};

class TeacherTest : public testing::Test {
 protected:
  [[nodiscard]] static std::vector<float> softened_mean(std::span<const std::uint8_t> image) {
    Ensemble ensemble(small_models(), "cpu");
    std::vector<float> mean = ensemble.predict(image);
    soften(mean, 2);
    return mean;
  }

  [[nodiscard]] std::vector<float> of_image(std::span<const float> soft_labels,
                                            std::size_t place) const {
    const auto values = soft_labels.subspan(place * kClasses, kClasses);
    return {values.begin(), values.end()};
  }

  test::SmallData data_{40, kPixels, kClasses};
  std::vector<std::uint32_t> order_{3, 39, 0, 7, 7, 12, 30, 1, 2, 38};
};

TEST(SoftenTest, TakesTheRootOfTheTemperature) {
  std::array<float, 3> probabilities{0.64F, 0.32F, 0.04F};
  auto expected = probabilities;
  soften(probabilities, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(probabilities.at(i), expected.at(i), 1e-6);
  }
  soften(probabilities, 2);
  const float sum = 0.8F + std::sqrt(0.32F) + 0.2F;
  EXPECT_NEAR(probabilities[0], 0.8F / sum, 1e-6);
  EXPECT_NEAR(probabilities[2], 0.2F / sum, 1e-6);
}

TEST(SoftenTest, TakesZeros) {
  std::array<float, 2> probabilities{1, 0};
  soften(probabilities, 1);
  EXPECT_EQ(probabilities, (std::array<float, 2>{1, 0}));
}

TEST_F(TeacherTest, GivesTheSoftenedMeanOfItsModels) {
  Teacher teacher(small_models(), student_settings(), "cpu");
  const std::vector<float> soft_labels = teacher.of_steps(data_.view(), order_, 5);
  ASSERT_EQ(soft_labels.size(), order_.size() * kClasses);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    EXPECT_EQ(of_image(soft_labels, i), softened_mean(data_.view().image(order_[i]))) << i;
  }
}

TEST_F(TeacherTest, SeesTheImagesThatTheStudentSees) {
  const EngineSettings settings = student_settings(kStrong);
  const Augmentation augmentation(settings.augmentation, settings.seed);
  Teacher teacher(small_models(), settings, "cpu");
  const std::vector<float> soft_labels = teacher.of_steps(data_.view(), order_, 5);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    std::vector<std::uint8_t> distorted(kPixels);
    distort(data_.view().image(order_[i]).data(),
            augmentation.distortion(5 + i / kBatch, i % kBatch), augmentation.elastic(),
            distorted.data());
    EXPECT_EQ(of_image(soft_labels, i), softened_mean(distorted)) << i;
  }
}

TEST_F(TeacherTest, ComputesTheRowsOfItsRank) {
  for (const AugmentationSettings& augmentation : {AugmentationSettings(), kStrong}) {
    EngineSettings settings = student_settings(augmentation);
    Teacher alone(small_models(), settings, "cpu");
    const std::vector<float> expected = alone.of_steps(data_.view(), order_, 5);
    settings.slices = 2;
    test::ThreadWorld::run(2, [&](World& world) {
      EngineSettings of_rank = settings;
      of_rank.world = &world;
      Teacher teacher(small_models(), of_rank, "cpu");
      const std::vector<float> soft_labels = teacher.of_steps(data_.view(), order_, 5);
      for (std::size_t first = 0; first < order_.size(); first += kBatch) {
        const Range rows = of_rank.rows_of_batch(std::min(kBatch, order_.size() - first));
        for (std::size_t row = rows.begin; row < rows.end; ++row) {
          EXPECT_EQ(of_image(soft_labels, first + row), of_image(expected, first + row));
        }
      }
    });
  }
}

}  // namespace
}  // namespace qmnist
