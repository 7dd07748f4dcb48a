#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/small_run.h"

// How a run ends before its last epoch, from outside.

namespace qmnist::test {
namespace {

/// Learns so fast that the validation loss soon rises.
Json with_early_stopping(std::size_t patience) {
  return {{"data", {{"validation_fraction", 0.2}}},
          {"optimizer", {{"learning_rate", 0.03}}},
          {"training", {{"epochs", 200}, {"early_stopping", patience}}}};
}

TEST(TrainingEndTest, EarlyStoppingRestoresTheBestEpoch) {
  const SmallRun run(with_early_stopping(3));
  const ProgramResult result = run.train();
  expect_success(result);
  const std::vector<Json> epochs = read_json_lines(run.file("metrics.jsonl"));
  const std::size_t best = read_json(run.file("summary.json")).at("best_epoch");
  EXPECT_EQ(epochs.size(), best + 3);
  EXPECT_LT(epochs.size(), 200);
  const auto loss_of = [](const Json& epoch) { return epoch.at("val_loss").get<double>(); };
  EXPECT_EQ(std::ranges::min_element(epochs, {}, loss_of) - epochs.begin() + 1, best);
  expect_contains(result.output, fmt::format("has not fallen since epoch {}:", best));
  expect_contains(read_file(run.file("report.html")),
                  fmt::format("weights of epoch {}, the best of {}", best, epochs.size()));
  // A run that ends with the best epoch has that epoch's model.
  const SmallRun short_run(with_early_stopping(3));
  expect_success(short_run.train({"--set", fmt::format("training.epochs={}", best)}));
  EXPECT_EQ(read_tensors(short_run.file("model.safetensors")).tensors,
            read_tensors(run.file("model.safetensors")).tensors);
}

TEST(TrainingEndTest, ResumedInTheMidstOfItsPatienceEndsTheSame) {
  const SmallRun whole(with_early_stopping(4));
  expect_success(whole.train());
  const std::size_t best = read_json(whole.file("summary.json")).at("best_epoch");
  const SmallRun run(with_early_stopping(4));
  const ProgramResult first = run.train({"--set", fmt::format("training.epochs={}", best + 2)});
  expect_success(first);
  expect_contains(first.output, fmt::format("The weights of epoch {} are restored", best));
  EXPECT_EQ(read_tensors(run.file("checkpoint.safetensors")).tensors.size(), 24);
  for (int again = 0; again < 2; ++again) {  // the second finds it ended
    expect_success(run.train({"--resume"}));
    expect_same_result(run.output(), whole.output());
    EXPECT_EQ(read_json(run.file("summary.json")).at("best_epoch"), best);
  }
}

TEST(TrainingEndTest, EarlyStoppingNeedsDigitsToValidateOn) {
  const SmallRun run;
  expect_error(run.train({"--set", "training.early_stopping=3"}), 2,
               {"training.early_stopping is 3", "data.validation_fraction"});
}

}  // namespace
}  // namespace qmnist::test
