#include "host/engines/cpu/cpu_engine.h"

#include <gtest/gtest.h>

#include <string>

#include "host/engines/cpu/distort_image.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/reference_engine.h"
#include "tests/support/small_data.h"

namespace qmnist::cpu {
namespace {

using test::SmallData;

/// What an engine with so many threads learns from the data and predicts for them.
struct Outcome {
  TrainingState state;
  std::vector<float> probabilities;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome train_some(const SmallData& data, std::size_t threads,
                   const AugmentationSettings& augmentation = {},
                   const OptimizerSettings& optimizer = {}, double ema_decay = 0) {
  const std::vector<std::size_t> hidden{200, 70};
  CpuEngine engine({.network = Network(data.features, hidden, 10),
                    .optimizer = optimizer,
                    .batch_size = 50,
                    .threads = threads,
                    .augmentation = augmentation,
                    .regularization = {.dropout = 0.2, .ema_decay = ema_decay}});
  RunningMetrics metrics;
  engine.train(data.view(), data.all(), metrics, [](const RunningMetrics&) { return true; });
  return {engine.state(), engine.predict(data.view(), data.all())};
}

TEST(CpuEngineTest, AnyNumberOfThreadsGivesTheSameBits) {
  const SmallData data(430, 100, 10);
  const Outcome expected = train_some(data, 1);
  for (const std::size_t threads :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}}) {
    EXPECT_TRUE(train_some(data, threads) == expected) << threads << " threads";
  }
}

TEST(CpuEngineTest, AnyNumberOfThreadsDistortsToTheSameBits) {
  const SmallData data(430, std::size_t{kDistortSide} * kDistortSide, 10);
  const AugmentationSettings augmentation{.rotation = 20, .elastic = 1};
  const Outcome expected = train_some(data, 1, augmentation);
  EXPECT_TRUE(train_some(data, 3, augmentation) == expected);
}

TEST(CpuEngineTest, AnyNumberOfThreadsClipsAndAveragesToTheSameBits) {
  const SmallData data(430, 100, 10);
  const OptimizerSettings optimizer{.clip_norm = 0.01};
  const Outcome expected = train_some(data, 1, {}, optimizer, 0.9);
  EXPECT_TRUE(train_some(data, 3, {}, optimizer, 0.9) == expected);
}

TEST(CpuEngineTest, SharesWorkAmongNoMoreThreadsThanTheFirstLayerIsWorth) {
  const std::vector<std::size_t> hidden{40};
  const CpuEngine engine(
      {.network = Network(5, hidden, 2), .optimizer = {}, .batch_size = 1, .threads = 4});
  EXPECT_NE(engine.device().find("1 thread of 4"), std::string::npos) << engine.device();
}

TEST(CpuEngineTest, AnOpenNumberOfThreadsTakesTheMemoryOfOne) {
  const std::vector<std::size_t> hidden{128};
  EngineSettings settings{
      .network = Network(784, hidden, 10), .optimizer = {}, .batch_size = 32, .threads = 0};
  const std::size_t bytes = CpuEngine::bytes(settings);
  settings.threads = 1;
  EXPECT_EQ(bytes, CpuEngine::bytes(settings));
}

TEST(CpuEngineTest, OneForSeveralThreadsPredictsByThoseForOne) {
  const std::vector<std::size_t> hidden{128};  // in panels of other widths for one thread
  const EngineSettings settings{
      .network = Network(784, hidden, 10), .optimizer = {}, .batch_size = 32, .threads = 1};
  const SmallData data(100, 784, 10);
  CpuEngine one(settings);
  one.set_state(initial_state(settings.network, 1));
  std::vector<float> expected = one.predict(data.view(), data.all());
  expected.insert(expected.end(), expected.begin(), expected.end());
  EngineSettings of_several = settings;
  of_several.threads = 2;
  CpuEngine several(of_several);
  several.set_state(initial_state(settings.network, 1));
  several.join_group({&several, &one});
  EXPECT_EQ(several.predict_by_group(data.view(), data.all()), expected);
}

class InstructionSetTest : public testing::TestWithParam<std::string> {
 private:
  OnlyInstructionSet only_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Supported, InstructionSetTest, testing::ValuesIn(instruction_sets()),
                         [](const auto& set) {
                           std::string name = set.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(InstructionSetTest, TrainsAsTheReferenceDoes) {
  const std::vector<std::size_t> hidden{300, 70};  // more than the depth that is summed at a time
  const EngineSettings settings{
      .network = Network(100, hidden, 10), .optimizer = {}, .batch_size = 50, .threads = 2};
  const SmallData data(430, 100, 10);
  CpuEngine engine(settings);
  ReferenceEngine<double> reference(settings);
  RunningMetrics metrics;
  RunningMetrics expected;
  const auto keep_going = [](const RunningMetrics&) { return true; };
  engine.train(data.view(), data.all(), metrics, keep_going);
  reference.train(data.view(), data.all(), expected, keep_going);
  EXPECT_NEAR(metrics.loss_sum, expected.loss_sum, 1e-4 * expected.loss_sum);
  const std::vector<float> probabilities = engine.predict(data.view(), data.all());
  const std::vector<float> expected_probabilities = reference.predict(data.view(), data.all());
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    EXPECT_NEAR(probabilities[i], expected_probabilities[i], 1e-4);
  }
}

TEST_P(InstructionSetTest, DistortsToTheSameBytes) {
  const AugmentationSettings strong{
      .rotation = 180, .scale = 0.5, .shear = 1, .shift = 14, .elastic = 4, .elastic_sigma = 3};
  const SmallData data(200, std::size_t{kDistortSide} * kDistortSide, 2);
  for (const AugmentationSettings& settings : {strong, AugmentationSettings{.rotation = 10}}) {
    const Augmentation augmentation(settings, 1);
    for (std::size_t row = 0; row < 200; ++row) {
      const Distortion distortion = augmentation.distortion(9, row);
      const std::uint8_t* image = data.view().image(row).data();
      std::vector<std::uint8_t> actual(data.features, 1);
      std::vector<std::uint8_t> expected(data.features);
      distort_image(image, distortion, augmentation.elastic(), actual.data());
      distort(image, distortion, augmentation.elastic(), expected.data());
      ASSERT_EQ(actual, expected) << row;
    }
  }
}

}  // namespace
}  // namespace qmnist::cpu
