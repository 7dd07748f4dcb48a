#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// Runs it into a folder of that name beside its own run folder.
fs::path train_into(const SmallRun& run, const std::string& name,
                    std::vector<std::string> more = {}) {
  fs::path output = run.folder() / name;
  more.insert(more.end(), {"--set", "output.dir=" + output.string()});
  expect_success(run.train(more));
  return output;
}

std::string model_of(const fs::path& output) {
  return read_file(output / "model.safetensors");
}

TEST(DeterminismTest, SameSeedGivesTheSameBits) {
  const SmallRun run;
  const SmallRun elsewhere;
  expect_success(run.train());
  expect_success(elsewhere.train());
  expect_same_result(run.output(), elsewhere.output());
  EXPECT_TRUE(read_tensors(run.file("checkpoint.safetensors")).tensors ==
              read_tensors(elsewhere.file("checkpoint.safetensors")).tensors);
}

TEST(DeterminismTest, AnyNumberOfThreadsGivesTheSameBits) {
  const SmallRun run({{"model", {{"hidden", {128, 64}}}}, {"training", {{"threads", 0}}}});
  const fs::path all_cores = train_into(run, "all");
  for (const char* threads : {"1", "2", "3"}) {
    SCOPED_TRACE(threads);
    expect_same_result(
        all_cores, train_into(run, threads, {"--set", std::string("training.threads=") + threads}));
  }
}

TEST(DeterminismTest, OtherSeedGivesOtherWeightsOnTheSameSplit) {
  // Without shuffling, which would take another seed as well.
  const SmallRun run(Json{{"training", {{"shuffle", false}}}});
  const fs::path one = train_into(run, "one", {"--set", "training.seed=1"});
  const fs::path two = train_into(run, "two", {"--set", "training.seed=2"});
  EXPECT_FALSE(model_of(one) == model_of(two));
  const auto rows = read_predictions(one / "predictions.csv");
  const auto other_rows = read_predictions(two / "predictions.csv");
  ASSERT_EQ(rows.size(), other_rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].index, other_rows[i].index);
  }
}

TEST(DeterminismTest, OtherSplitSeedGivesOtherTestDigits) {
  const SmallRun run;
  const fs::path one = train_into(run, "one");
  const fs::path two = train_into(run, "two", {"--set", "data.split_seed=43"});
  EXPECT_NE(read_predictions(one / "predictions.csv").front().index,
            read_predictions(two / "predictions.csv").front().index);
}

TEST(DeterminismTest, EveryValueThatTrainingUsesChangesTheModel) {
  const SmallRun run;
  const std::string model = model_of(train_into(run, "plain"));
  for (const char* change :
       {"optimizer.learning_rate=0.002", "optimizer.beta1=0.8", "optimizer.beta2=0.99",
        "optimizer.epsilon=1e-3", "training.batch_size=31", "training.shuffle=false"}) {
    EXPECT_FALSE(model == model_of(train_into(run, "changed", {"--set", change}))) << change;
  }
}

TEST(DeterminismTest, WrittenConfigGivesTheSameRun) {
  const SmallRun run(Json{{"data", {{"validation_fraction", 0.1}}}, {"model", {{"hidden", {9}}}}});
  expect_success(run.train({"--set", "training.seed=11", "--set", "optimizer.learning_rate=0.003",
                            "--set", "training.batch_size=50"}));
  const fs::path again = run.folder() / "again";
  expect_success(run_qmnist(
      {"--config", run.file("config.json").string(), "--set", "output.dir=" + again.string()}));
  expect_same_result(again, run.output());
  Json config = read_json(again / "config.json");
  EXPECT_EQ(config.at("output").at("dir"), again.string());
  config["output"]["dir"] = run.output().string();
  EXPECT_EQ(config, read_json(run.file("config.json")));
}

TEST(DeterminismTest, ValidationPartIsMeasuredEveryEpoch) {
  const SmallRun run(Json{{"data", {{"validation_fraction", 0.25}}}});
  expect_success(run.train());
  const std::vector<Json> epochs = read_json_lines(run.file("metrics.jsonl"));
  ASSERT_EQ(epochs.size(), 3);
  constexpr double kValidationDigits = kTrainingDigits / 4.0;
  for (const Json& epoch : epochs) {
    const double correct = epoch.at("val_accuracy").get<double>() * kValidationDigits;
    EXPECT_NEAR(correct, std::round(correct), 1e-9);
    EXPECT_GT(epoch.at("val_loss"), 0);
  }
  EXPECT_LT(epochs[2].at("val_loss"), epochs[0].at("val_loss"));
  const Json dataset = read_json(run.file("summary.json")).at("dataset");
  EXPECT_EQ(dataset.at("train_size"), kTrainingDigits * 3 / 4);
  EXPECT_EQ(dataset.at("validation_size"), kTrainingDigits / 4);
  EXPECT_EQ(dataset.at("test_size"), kTestDigits);
}

}  // namespace
}  // namespace qmnist::test
