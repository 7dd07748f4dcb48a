#include "host/trainer/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/small_data.h"

namespace qmnist {
namespace {

/// Predicts what it is told: a row of probabilities an image.
class PredictingEngine final : public Engine {
 public:
  explicit PredictingEngine(std::vector<std::pair<std::size_t, float>> predictions)
      : predictions_(std::move(predictions)) {}

  [[nodiscard]] std::string device() const override { return "script"; }
  void set_state(const TrainingState& /*state*/) override {}
  [[nodiscard]] TrainingState state() const override { return {}; }
  void train(const DataView& /*data*/, std::span<const std::uint32_t> /*order*/,
             RunningMetrics& /*metrics*/, const StepCallback& /*keep_going*/) override {}
  [[nodiscard]] std::vector<float> gradients(const DataView& /*data*/,
                                             std::span<const std::uint32_t> /*batch*/) override {
    return {};
  }
  [[nodiscard]] std::vector<float> predict(const DataView& /*data*/,
                                           std::span<const std::uint32_t> indices) override {
    std::vector<float> rows;
    for (const std::uint32_t index : indices) {
      const auto& [digit, confidence] = predictions_[index];
      std::vector<float> row(kDigitCount, (1 - confidence) / (kDigitCount - 1));
      row[digit] = confidence;
      rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
  }

 private:
  std::vector<std::pair<std::size_t, float>> predictions_;
};

TEST(EvaluationTest, CountsWhatWasPredicted) {
  // Labels 0 0 0 1 1 2; predictions 0 0 1 1 0 2.
  test::SmallData data(6, 1, kDigitCount);
  data.labels = {0, 0, 0, 1, 1, 2};
  PredictingEngine engine({{0, .9F}, {0, .8F}, {1, .7F}, {1, .6F}, {0, .5F}, {2, 1}});
  const Evaluation evaluation = evaluate(engine, data.view(), data.all());

  EXPECT_DOUBLE_EQ(evaluation.accuracy, 4.0 / 6);
  EXPECT_DOUBLE_EQ(evaluation.standard_error(), std::sqrt(4.0 / 6 * 2 / 6 / 6));
  EXPECT_EQ(evaluation.confusion[0][0], 2U);
  EXPECT_EQ(evaluation.confusion[0][1], 1U);
  EXPECT_EQ(evaluation.confusion[1][0], 1U);
  EXPECT_EQ(evaluation.confusion[1][1], 1U);
  EXPECT_EQ(evaluation.confusion[2][2], 1U);

  const ClassReport& zero = evaluation.per_class[0];
  EXPECT_DOUBLE_EQ(zero.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(zero.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(zero.f1, 2.0 / 3);
  EXPECT_EQ(zero.support, 3U);
  EXPECT_DOUBLE_EQ(evaluation.per_class[1].precision, 0.5);
  EXPECT_DOUBLE_EQ(evaluation.per_class[1].recall, 0.5);
}

TEST(EvaluationTest, LossIsTheMeanCrossEntropy) {
  test::SmallData data(2, 1, kDigitCount);
  data.labels = {3, 4};
  PredictingEngine engine({{3, .5F}, {0, .1F}});
  const double expected = -(std::log(0.5) + std::log(0.1)) / 2;
  EXPECT_NEAR(evaluate(engine, data.view(), data.all()).loss, expected, 1e-6);
}

TEST(EvaluationTest, ProbabilityZeroOfTheTruthGivesAFiniteLoss) {
  test::SmallData data(1, 1, kDigitCount);
  data.labels = {3};
  PredictingEngine engine({{5, 1}});
  EXPECT_TRUE(std::isfinite(evaluate(engine, data.view(), data.all()).loss));
}

TEST(EvaluationTest, DigitsThatDoNotOccurHaveZeros) {
  test::SmallData data(1, 1, kDigitCount);
  data.labels = {3};
  PredictingEngine engine({{5, .9F}});
  const Evaluation evaluation = evaluate(engine, data.view(), data.all());
  for (const std::size_t digit : {3U, 5U, 7U}) {
    EXPECT_EQ(evaluation.per_class[digit].precision, 0);
    EXPECT_EQ(evaluation.per_class[digit].recall, 0);
    EXPECT_EQ(evaluation.per_class[digit].f1, 0);
  }
}

TEST(EvaluationTest, PredictionsKeepOrderAndPlace) {
  test::SmallData data(3, 1, kDigitCount);
  data.labels = {7, 8, 9};
  PredictingEngine engine({{7, .9F}, {1, .4F}, {9, .8F}});
  const std::vector<std::uint32_t> order{2, 1};
  const Evaluation evaluation = evaluate(engine, data.view(), order);
  ASSERT_EQ(evaluation.predictions.size(), 2U);
  EXPECT_EQ(evaluation.predictions[0].index, 2U);
  EXPECT_EQ(evaluation.predictions[1].index, 1U);
  EXPECT_EQ(evaluation.predictions[1].label, 8);
  EXPECT_EQ(evaluation.predictions[1].predicted, 1);
  EXPECT_FLOAT_EQ(evaluation.predictions[1].confidence, 0.4F);
}

}  // namespace
}  // namespace qmnist
