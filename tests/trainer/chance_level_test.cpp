#include "host/trainer/chance_level.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "host/engines/engine.h"
#include "host/format/training_text.h"
#include "tests/support/digit_classes.h"

namespace qmnist {
namespace {

/// Evaluates predictions of so many images, whose labels are 0, 1, ..., 9, 0, 1, ... and twice as
/// often 7.
Evaluation evaluation_of(std::size_t images, auto&& predict) {
  std::vector<std::uint8_t> labels(images);
  std::vector<std::uint32_t> all(images);
  std::iota(all.begin(), all.end(), 0U);
  std::vector<float> probabilities(images * kDigitCount);
  for (std::size_t i = 0; i < images; ++i) {
    labels[i] = static_cast<std::uint8_t>(i % 11 == 10 ? 7 : i % 11);
    probabilities[i * kDigitCount + predict(i, std::size_t{labels[i]})] = 1;
  }
  const DataView data{.pixels = {}, .labels = labels};
  return to_evaluation(score_predictions(probabilities, data, all), data, all);
}

TEST(ChanceLevelTest, NamesTheOnlyClassThatIsEverPredicted) {
  const auto found = find_chance_level(evaluation_of(1100, [](auto...) { return 3; }));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->top_class, 3U);
  EXPECT_EQ(found->top_predictions, 1100U);
  EXPECT_TRUE(found->is_constant());
  EXPECT_EQ(found->images, 1100U);
  EXPECT_DOUBLE_EQ(found->accuracy, 1.0 / 11);
  EXPECT_EQ(found->majority_class, 7U);
  EXPECT_DOUBLE_EQ(found->majority_share, 2.0 / 11);
}

TEST(ChanceLevelTest, AHundredthOfTheImagesMayBeExceptions) {
  for (const std::size_t exceptions : {11U, 12U}) {
    const auto found = find_chance_level(evaluation_of(
        1100, [exceptions](std::size_t i, std::size_t) { return i < exceptions ? 4 : 3; }));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->is_constant(), exceptions == 11);
  }
}

TEST(ChanceLevelTest, FindsAnswersThatSayNothingOfTheImage) {
  const auto found = find_chance_level(
      evaluation_of(1100, [](std::size_t i, auto) { return i / 11 % kDigitCount; }));
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->is_constant());
}

TEST(ChanceLevelTest, ThreeDeviationsAboveTheMostFrequentClassIsTheLimit) {
  // sqrt(2 / 11 * 9 / 11 / 1100) = 0.01163, so 200 + 3 * 12.8 = 238.4 of 1,100 images.
  for (const std::size_t correct : {238U, 239U}) {
    const auto found = find_chance_level(
        evaluation_of(1100, [&, right = std::size_t{0}](std::size_t, std::size_t label) mutable {
          return right++ < correct ? label : (label + 1) % kDigitCount;
        }));
    EXPECT_EQ(found.has_value(), correct == 238U);
  }
  EXPECT_NEAR(chance_limit(2.0 / 11, 1100), 238.4 / 1100, 1e-4);
}

TEST(ChanceLevelTest, AGoodNetworkIsNoneAndTooFewImagesTellNothing) {
  const auto right = [](std::size_t, std::size_t label) { return label; };
  EXPECT_FALSE(find_chance_level(evaluation_of(1100, right)).has_value());
  const auto constant = [](auto...) { return 0; };
  EXPECT_TRUE(find_chance_level(evaluation_of(22, constant)).has_value());
  EXPECT_FALSE(find_chance_level(evaluation_of(2, constant)).has_value());
  EXPECT_FALSE(find_chance_level(evaluation_of(1, constant)).has_value());  // one class only
}

TEST(ChanceLevelTest, TextSaysWhichClassAndWhatToChange) {
  ChanceLevel found{.images = 14000,
                    .accuracy = 0.0986,
                    .majority_class = 1,
                    .majority_share = 0.1143,
                    .top_class = 3,
                    .top_predictions = 13999};
  EXPECT_EQ(
      chance_level_text(found, test::kDigitNames, "test images", 0.5),
      "13,999 of 14,000 test images are classified as 3; lower optimizer.learning_rate, which "
      "is 0.5");
  EXPECT_EQ(chance_level_text(found, test::kDigitNames, "test images", 1e-6),
            "13,999 of 14,000 test images are classified as 3; change optimizer.learning_rate, "
            "which is 1e-06 (default 0.001), or train for more epochs");
  found.top_predictions = 7000;
  EXPECT_EQ(chance_level_text(found, test::kDigitNames, "test images", 1e-6),
            "the network has learned nothing: its accuracy on 14,000 test images is 9.86 %, and "
            "always predicting 1 gives 11.43 %; change optimizer.learning_rate, which is 1e-06 "
            "(default 0.001), or train for more epochs");
}

}  // namespace
}  // namespace qmnist
