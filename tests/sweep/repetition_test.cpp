#include "host/sweep/repetition.h"

#include <gtest/gtest.h>

namespace qmnist::sweep {
namespace {

using Lines = std::vector<std::string>;

Repetition repetition() {
  return {.trials = 3,
          .test_accuracy = {.mean = 0.9811, .stddev = 0.0004},
          .validation_accuracy = {},
          .ensemble = {}};
}

TEST(RepetitionTest, TellsMeanAndDeviation) {
  Repetition result = repetition();
  EXPECT_EQ(repetition_text(result),
            Lines{"Mean and standard deviation over 3 seeds: test accuracy 98.11 ± 0.04 %"});
  result.validation_accuracy = {.mean = 0.975, .stddev = 0.001};
  EXPECT_EQ(repetition_text(result),
            Lines{"Mean and standard deviation over 3 seeds: test accuracy 98.11 ± 0.04 %, "
                  "validation accuracy 97.50 ± 0.10 %"});
  EXPECT_EQ(
      repetition_json(result),
      Json::parse(R"({"trials": 3, "test_accuracy": {"mean": 0.9811, "deviation": 0.0004}})"));
}

TEST(RepetitionTest, TellsTheEnsembleWithItsBinomialError) {
  Repetition result = repetition();
  Evaluation& ensemble = result.ensemble.emplace();
  ensemble.loss = 0.25;
  ensemble.accuracy = 0.9;
  ensemble.predictions.resize(900);
  EXPECT_EQ(repetition_text(result).at(1),
            "Ensemble of the 3 models: test accuracy 90.00 ± 1.00 %, loss 0.2500");
  EXPECT_EQ(repetition_json(result).at("ensemble"),
            Json::parse(R"({"test_accuracy": 0.9, "test_loss": 0.25})"));
}

}  // namespace
}  // namespace qmnist::sweep
