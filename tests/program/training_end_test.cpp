#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/small_run.h"

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
  expect_contains(result.output, fmt::format("no improvement since epoch {};", best));
  expect_contains(read_file(run.file("report.html")),
                  fmt::format("best weights: epoch {} of {}", best, epochs.size()));
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
  expect_contains(first.output, fmt::format("Restored weights of epoch {}", best));
  EXPECT_EQ(read_tensors(run.file("checkpoint.safetensors")).tensors.size(), 24);
  for (int again = 0; again < 2; ++again) {  // the second finds it ended
    expect_success(run.train({"--resume"}));
    expect_same_result(run.output(), whole.output());
    EXPECT_EQ(read_json(run.file("summary.json")).at("best_epoch"), best);
  }
}

Json with_target(double accuracy, std::size_t epochs) {
  return {{"data", {{"validation_fraction", 0.2}}},
          {"training", {{"epochs", epochs}, {"target_accuracy", accuracy}}}};
}

TEST(TrainingEndTest, TargetAccuracyEndsTrainingInTheEpochThatReachesIt) {
  const SmallRun run(with_target(0.6, 100));
  const ProgramResult result = run.train();
  expect_success(result);
  const std::vector<Json> epochs = read_json_lines(run.file("metrics.jsonl"));
  ASSERT_LT(epochs.size(), 100);
  for (const Json& epoch : epochs) {
    EXPECT_EQ(epoch.at("val_accuracy") >= 0.6, epoch == epochs.back());
  }
  expect_contains(
      result.output,
      fmt::format("Target accuracy 0.6 reached: validation accuracy {:.4f} in epoch {}\n",
                  epochs.back().at("val_accuracy").get<double>(), epochs.size()));
  expect_success(run.train({"--resume"}));
  EXPECT_EQ(read_json_lines(run.file("metrics.jsonl")).size(), epochs.size());
}

TEST(TrainingEndTest, AMissedTargetIsExitStatus5WithAllResults) {
  const SmallRun run(with_target(1, 2));
  for (const char* more : {"--set=training.threads=1", "--resume"}) {
    const ProgramResult result = run.train({more});
    EXPECT_EQ(result.status, 5);
    EXPECT_EQ(result.errors, "");
    expect_contains(result.output, "Target accuracy 1 not reached: best validation accuracy 0.");
    expect_contains(result.output, "Saved in");
    EXPECT_EQ(read_folder(run.output()).size(), 12);
  }
}

TEST(TrainingEndTest, ResumedRunReachesItsTargetInTheSameEpoch) {
  const SmallRun whole(with_target(0.6, 100));
  expect_success(whole.train());
  const SmallRun run(with_target(0.6, 1));
  EXPECT_EQ(run.train().status, 5);
  expect_success(run.train({"--resume", "--set", "training.epochs=100"}));
  expect_same_result(run.output(), whole.output());
}

/// So large a learning rate that every image is soon classified alike.
Json with_learning_rate(double rate) {
  return {{"optimizer", {{"learning_rate", rate}}}, {"training", {{"epochs", 4}}}};
}

TEST(TrainingEndTest, WarnsOfANetworkThatAnswersAlike) {
  for (const char* more : {"--set=training.threads=1", "--quiet"}) {
    const SmallRun run(with_learning_rate(1));
    const ProgramResult result = run.train({more});
    EXPECT_EQ(result.status, 0);
    const std::string warning =
        read_json(run.file("summary.json")).at("warning").get<std::string>();
    expect_contains(warning, "of 200 test images are classified as ");
    expect_contains(warning, "; lower optimizer.learning_rate, which is 1");
    expect_contains(result.errors, "qmnist_gpu: warning: epoch ");
    expect_contains(result.errors, " of 800 sampled training images are classified as ");
    EXPECT_TRUE(result.errors.ends_with("\nqmnist_gpu: warning: " + warning + "\n"))
        << result.errors;
    EXPECT_EQ(std::ranges::count(result.errors, '\n'), 2) << result.errors;
    expect_contains(read_file(run.file("report.html")), "Warning: " + warning);
  }
}

TEST(TrainingEndTest, WarnsOfANetworkThatLearnedNothing) {
  const SmallRun run(with_learning_rate(1e-9));
  const ProgramResult result = run.train();
  EXPECT_EQ(result.status, 0);
  const std::string warning = read_json(run.file("summary.json")).at("warning").get<std::string>();
  EXPECT_EQ(result.errors, "qmnist_gpu: warning: " + warning + "\n");
  expect_contains(warning, "learned nothing: its accuracy on 200 test images is ");
  expect_contains(warning, "change optimizer.learning_rate, which is 1e-09 (default 0.001)");
}

TEST(TrainingEndTest, ANetworkThatLearnsHasNoWarning) {
  const SmallRun run;
  expect_success(run.train());
  EXPECT_FALSE(read_json(run.file("summary.json")).contains("warning"));
  EXPECT_EQ(read_file(run.file("report.html")).find("Warning"), std::string::npos);
}

TEST(TrainingEndTest, BothNeedDigitsToValidateOn) {
  const SmallRun run;
  expect_error(run.train({"--set", "training.target_accuracy=0.5"}), 2,
               {"training.target_accuracy is 0.5", "data.validation_fraction"});
  expect_error(run.train({"--set", "training.early_stopping=3"}), 2,
               {"training.early_stopping is 3", "data.validation_fraction"});
}

}  // namespace
}  // namespace qmnist::test
