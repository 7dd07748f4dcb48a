#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "host/config/config.h"
#include "tests/support/config_probe.h"
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
  expect_success(elsewhere.train({"--set", "training.threads=2"}));
  expect_same_result(run.output(), elsewhere.output());
  EXPECT_TRUE(read_file(run.file("checkpoint.safetensors")) ==
              read_file(elsewhere.file("checkpoint.safetensors")));
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

/// Whether another value of the key changes what this run learns; false where they do not go
/// together.
bool changes_the_model(const ConfigKey& key, const SmallRun& run) {
  const Json value = another_value(key, value_of(read_json(run.file("config.json")), key.name));
  const fs::path changed = run.folder() / "changed";
  fs::remove_all(changed);
  (void)run.train({"--set", fmt::format("{}={}", key.name, value.dump()), "--set",
                   "output.dir=" + changed.string()});
  return fs::exists(changed / "model.safetensors") && model_of(changed) != model_of(run.output());
}

TEST(DeterminismTest, EveryKeyThatIsNotFreeChangesTheModel) {
  // Between them, these runs use every key. The last diverges, which early stopping undoes.
  const Json validation{{"validation_fraction", 0.25}};
  const SmallRun adamw(Json{{"data", validation},
                            {"model", {{"hidden", {32}}}},
                            {"augmentation", {{"elastic", 1}}},
                            {"optimizer", {{"name", "adamw"}, {"learning_rate", 0.01}}},
                            {"schedule", {{"name", "step"}, {"step_epochs", 1}}}});
  const SmallRun sgd(Json{{"optimizer", {{"name", "sgd"}, {"momentum", 0.5}}},
                          {"schedule", {{"name", "cosine"}}}});
  const SmallRun diverging(Json{{"data", validation}, {"optimizer", {{"learning_rate", 1}}}});
  const SmallRun taught(
      Json{{"training", {{"teacher", {adamw.output().string()}}, {"teacher_weight", 0.5}}}});
  const std::array runs{&adamw, &sgd, &diverging, &taught};
  for (const SmallRun* run : runs) {
    ASSERT_EQ(run->train().status, 0);
  }
  const auto is_tested = [](const ConfigKey& key) {
    // The first is for a GPU only, and the labels here begin with 0.
    return !is_free(key) && key.name != "training.math" && key.name != "data.first_label";
  };
  for (const ConfigKey& key : config_keys()) {
    if (is_tested(key)) {
      EXPECT_TRUE(std::ranges::any_of(runs, [&](const SmallRun* run) {
        return changes_the_model(key, *run);
      })) << key.name;
    }
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
