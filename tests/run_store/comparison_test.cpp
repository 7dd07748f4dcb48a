#include "host/run_store/comparison.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "host/error.h"

namespace qmnist {
namespace {

/// Predictions of images 0, 1, ... that are all ones.
std::vector<Prediction> predictions_of(const std::vector<std::uint8_t>& predicted) {
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    predictions.push_back({static_cast<std::uint32_t>(i), 1, predicted[i], 0.5F});
  }
  return predictions;
}

RunRecord run_of(const std::string& folder, const Json& config,
                 const std::vector<std::uint8_t>& predicted) {
  return {.folder = folder,
          .config = config,
          .summary = {{"test_accuracy", 0.5},
                      {"test_loss", 0.25},
                      {"epochs", 3},
                      {"seconds_train", 2.0}},
          .predictions = predictions_of(predicted)};
}

TEST(ComparisonTest, McNemarsTestIsTheBinomialOne) {
  // Exact fractions: 2 sum(comb(n, i) for i <= k) / 2^n
  EXPECT_DOUBLE_EQ(mcnemar_p({0, 0}), 1);
  EXPECT_DOUBLE_EQ(mcnemar_p({3, 3}), 1);
  EXPECT_NEAR(mcnemar_p({0, 5}), 0.0625, 1e-12);
  EXPECT_NEAR(mcnemar_p({5, 0}), 0.0625, 1e-12);
  EXPECT_NEAR(mcnemar_p({2, 8}), 0.109375, 1e-12);
  EXPECT_NEAR(mcnemar_p({121, 160}), 0.023226470695422118, 1e-12);
  EXPECT_NEAR(mcnemar_p({12000, 12000}), 1, 1e-12);
  EXPECT_NEAR(mcnemar_p({0, 24000}), 0, 1e-12);
}

TEST(ComparisonTest, CountsWhereOnlyOneIsRight) {
  const auto counted =
      disagreement(predictions_of({1, 1, 1, 2, 2, 3}), predictions_of({1, 2, 3, 1, 2, 2}));
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->only_first, 2U);
  EXPECT_EQ(counted->only_second, 1U);
  EXPECT_FALSE(disagreement(predictions_of({1, 1}), predictions_of({1})));
  std::vector<Prediction> others = predictions_of({1, 1});
  others[1].index = 7;
  EXPECT_FALSE(disagreement(predictions_of({1, 1}), others));
}

TEST(ComparisonTest, ShowsWhatDiffersInTheConfigs) {
  const std::vector<RunRecord> runs{
      run_of("a/", {{"training", {{"seed", 0}, {"epochs", 3}}}, {"output", {{"dir", "a"}}}},
             {1, 2}),
      run_of("b",
             {{"training", {{"seed", 1}, {"epochs", 3}}}, {"output", {{"dir", "b"}}}, {"new", "x"}},
             {1, 1})};
  const Comparison comparison = compare(runs);
  ASSERT_EQ(comparison.differences.size(), 2U);
  EXPECT_EQ(comparison.differences[0].key, "training.seed");
  EXPECT_EQ(comparison.differences[0].values, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(comparison.differences[1].key, "new");
  EXPECT_EQ(comparison.differences[1].values, (std::vector<std::string>{"", "\"x\""}));
  ASSERT_EQ(comparison.runs.size(), 2U);
  EXPECT_FALSE(comparison.runs[0].against_first);
  EXPECT_EQ(comparison.runs[1].against_first->only_second, 1U);
  EXPECT_EQ(comparison.runs[1].epochs, 3U);
}

TEST(ComparisonTest, RefusesRunsWithAnotherSplit) {
  const auto split = [](const char* name) { return Json{{"data", {{"split", name}}}}; };
  const RunRecord older = run_of("older", Json::object(), {1});  // from before there was a choice
  const RunRecord notebook = run_of("notebook", split("notebook"), {1});
  const RunRecord official = run_of("official", split("official"), {1});
  EXPECT_EQ(compare(std::vector{older, notebook}).runs.size(), 2U);
  EXPECT_EQ(compare(std::vector{official, official}).runs.size(), 2U);
  for (const RunRecord& first : {older, notebook}) {
    try {
      (void)compare(std::vector{first, official});
      ADD_FAILURE() << first.folder;
    } catch (const UsageError& error) {
      EXPECT_EQ(std::string(error.what()),
                "official: its data.split is \"official\", that of " + first.folder.string() +
                    " is \"notebook\"; compare runs with the same split, as others were not tested "
                    "on the same images");
    }
  }
}

TEST(ComparisonTest, ASummaryWithoutItsValuesIsNamed) {
  std::vector<RunRecord> runs{run_of("a", {}, {1}), run_of("b", {}, {1})};
  runs[1].summary.erase("test_loss");
  try {
    (void)compare(runs);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("b/summary.json"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("test_loss"), std::string::npos);
  }
}

}  // namespace
}  // namespace qmnist
