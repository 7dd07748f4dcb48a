// What a training run prints and writes, from outside.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

std::string sha256(const std::string& content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += fmt::format("{:02x}", digest.at(i));
  }
  return text;
}

TEST(TrainingOutputTest, PrintsThePlanThenPlainLines) {
  const ProgramResult result = SmallRun().train();
  expect_success(result);
  const std::string plan = result.output.substr(0, result.output.find("Epoch 1/3"));
  for (const char* part : {"IDX files, 10 classes, 1,000 images", "800 training", "200 test",
                           "784 inputs", "9,614", "device    CPU: ", "3 epochs", "output"}) {
    expect_contains(plan, part);
  }
  EXPECT_EQ(plan.find("scripts/download"), std::string::npos) << "it is no part of MNIST";
  for (const char* later : {"Epoch 1/3", "Epoch 3/3", "Confusion matrix", "Test accuracy"}) {
    expect_contains(result.output, later);
    EXPECT_EQ(plan.find(later), std::string::npos);
  }
  EXPECT_EQ(result.output.find_first_of("\r\x1b\b"), std::string::npos);
}

TEST(TrainingOutputTest, DrawsProgressOnATerminal) {
  const SmallRun run(
      Json{{"model", {{"hidden", {2048}}}}, {"training", {{"epochs", 1}, {"batch_size", 1}}}});
  const ProgramResult result = run_on_terminal(run.command());
  const std::string& shown = result.output;
  EXPECT_EQ(result.status, 0);
  expect_contains(shown, "Epoch 1/1\r\n");
  expect_contains(shown, "\r800/800 ");
  const std::size_t progress = shown.find("ETA");
  ASSERT_NE(progress, std::string::npos) << shown;
  EXPECT_EQ(shown.at(shown.find_last_of("\r\n", progress)), '\r');
}

TEST(TrainingOutputTest, DivergedTrainingIsAnError) {
  // So many layers and so large steps that the sums overflow in the first epoch.
  const SmallRun run(Json{{"model", {{"hidden", std::vector(16, 64)}}},
                          {"optimizer", {{"learning_rate", 10}}},
                          {"training", {{"batch_size", 8}}}});
  expect_error(run.train(), 2, {"optimizer.learning_rate", "10"});
  EXPECT_FALSE(fs::exists(run.file("model.safetensors")));
}

TEST(TrainingOutputTest, ConfigFileHoldsEveryKey) {
  // The contract: later versions may add keys, but these stay.
  const Json contract = Json::parse(R"({
    "data": {"source": "mnist", "dir": "", "test_fraction": 0.2, "split_seed": 42,
             "validation_fraction": 0.0},
    "model": {"hidden": [12, 8], "activation": "relu"},
    "optimizer": {"name": "adam", "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999,
                  "epsilon": 1e-7},
    "training": {"epochs": 3, "batch_size": 32, "shuffle": true, "seed": 4, "threads": 1},
    "device": "cpu", "output": {"dir": ""}})")
                            .flatten();
  const SmallRun run;
  expect_success(run.train({"--set", "training.seed=4"}));
  Json written = read_json(run.file("config.json")).flatten();
  EXPECT_EQ(written.at("/data/dir"), run.data("").parent_path().string());
  EXPECT_EQ(written.at("/output/dir"), run.output().string());
  written["/data/dir"] = written["/output/dir"] = "";
  for (const auto& [key, value] : contract.items()) {
    EXPECT_EQ(written.value(key, Json()), value) << key;
  }
}

TEST(TrainingOutputTest, MetricsAreOneObjectAnEpoch) {
  const SmallRun run;
  expect_success(run.train());
  const std::vector<Json> epochs = read_json_lines(run.file("metrics.jsonl"));
  ASSERT_EQ(epochs.size(), 3);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    EXPECT_EQ(epochs[i].size(), 5) << epochs[i];
    EXPECT_EQ(epochs[i].at("epoch"), i + 1);
    EXPECT_EQ(epochs[i].at("learning_rate"), 0.001);
    EXPECT_GT(epochs[i].at("seconds"), 0);
    // A share of whole digits.
    const double correct = epochs[i].at("accuracy").get<double>() * kTrainingDigits;
    EXPECT_NEAR(correct, std::round(correct), 1e-9);
  }
  EXPECT_LT(epochs[2].at("loss"), epochs[0].at("loss"));
  EXPECT_GT(epochs[2].at("accuracy"), epochs[0].at("accuracy"));
}

TEST(TrainingOutputTest, PredictionsAreOfTheSplitsTestDigits) {
  const SmallRun run;
  expect_success(run.train());
  const std::string labels = read_file(run.data("train-labels-idx1-ubyte")).substr(8) +
                             read_file(run.data("t10k-labels-idx1-ubyte")).substr(8);
  const auto rows = read_predictions(run.file("predictions.csv"));
  ASSERT_EQ(rows.size(), kTestDigits);
  // The head of NumPy's RandomState(42).permutation(1000); see tests/fixtures/split.
  constexpr std::array<std::size_t, 8> kHead{521, 737, 740, 660, 411, 678, 626, 513};
  for (std::size_t i = 0; i < kHead.size(); ++i) {
    EXPECT_EQ(rows[i].index, kHead.at(i));
  }
  std::set<std::size_t> indices;
  for (const PredictionRow& row : rows) {
    ASSERT_LT(row.index, kDigits);
    EXPECT_TRUE(indices.insert(row.index).second) << row.index << " stands there twice";
    EXPECT_EQ(row.label, static_cast<std::size_t>(labels[row.index]));
    EXPECT_GE(row.confidence, 0.1);  // of the likeliest of ten
    EXPECT_LE(row.confidence, 1);
  }
}

TEST(TrainingOutputTest, OfficialSplitTestsOnTheTestFile) {
  const SmallRun run(Json{{"data", {{"split", "official"}, {"validation_fraction", 0.1}}}});
  const ProgramResult result = run.train();
  expect_success(result);
  expect_contains(
      result.output,
      "split     630 training, 70 validation, 300 test images (official, the data set's "
      "own files; validation by seed 42)\n");
  const auto rows = read_predictions(run.file("predictions.csv"));
  ASSERT_EQ(rows.size(), kTestFileDigits);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].index, kTrainFileDigits + i);
  }
  const Json dataset = read_json(run.file("summary.json")).at("dataset");
  EXPECT_EQ(dataset.at("split"), "official");
  EXPECT_EQ(dataset.at("train_size"), 630);
  EXPECT_EQ(dataset.at("validation_size"), 70);
  EXPECT_EQ(dataset.at("test_size"), kTestFileDigits);
  expect_contains(read_file(run.file("report.html")),
                  "300 (split: official, the data set&apos;s own files; validation by seed 42)");
}

TEST(TrainingOutputTest, OfficialSplitNeedsTrainingAndTestFiles) {
  const SmallRun run(Json{{"data", {{"split", "official"}}}});
  fs::copy_file(source_dir() / "tests/fixtures/pickle/python3_numpy2_protocol5_little_i4_C.pkl",
                run.data("MNIST-120k"));
  expect_error(run.train({"--set", "data.source=kaggle"}), 2,
               {"data.split is \"official\", but MNIST-120k (Kaggle) does not come in training and "
                "test files; set data.split to \"notebook\""});
  expect_error(run.train({"--set", "data.split=random"}), 2,
               {R"(data.split is "random"; it must be one of "notebook", "official")"});
}

TEST(TrainingOutputTest, SummaryAgreesWithPredictionsAndData) {
  const SmallRun run(Json{{"training", {{"seed", 6}}}});
  expect_success(run.train());
  const Json summary = read_json(run.file("summary.json"));
  std::vector confusion(10, std::vector<std::size_t>(10));
  std::size_t hits = 0;
  for (const PredictionRow& row : read_predictions(run.file("predictions.csv"))) {
    ++confusion[row.label][row.prediction];
    hits += row.label == row.prediction ? 1 : 0;
  }
  EXPECT_EQ(summary.at("confusion"), Json(confusion));
  EXPECT_DOUBLE_EQ(summary.at("test_accuracy"), static_cast<double>(hits) / kTestDigits);
  EXPECT_GT(summary.at("test_loss"), 0);
  ASSERT_EQ(summary.at("per_class").size(), 10);
  for (std::size_t digit = 0; digit < 10; ++digit) {
    const Json& report = summary.at("per_class").at(digit);
    const auto& row = confusion[digit];
    const auto support = std::accumulate(row.begin(), row.end(), std::size_t{0});
    EXPECT_EQ(report.at("support"), support);
    const auto correct = static_cast<double>(row[digit]);
    EXPECT_DOUBLE_EQ(report.at("recall"), correct / static_cast<double>(support));
    for (const char* share : {"precision", "f1"}) {
      EXPECT_GE(report.at(share), 0);
      EXPECT_LE(report.at(share), 1);
    }
  }
  const Json& dataset = summary.at("dataset");
  EXPECT_EQ(dataset.at("name"), "IDX files, 10 classes");
  EXPECT_EQ(dataset.at("split"), "notebook");
  EXPECT_EQ(dataset.at("train_size"), kTrainingDigits);
  EXPECT_EQ(dataset.at("test_size"), kTestDigits);
  ASSERT_EQ(dataset.at("sha256").size(), 4);
  for (const auto& [name, sum] : dataset.at("sha256").items()) {
    EXPECT_EQ(sum, sha256(read_file(run.data(name)))) << name;
  }
  EXPECT_TRUE(summary.at("device").get<std::string>().starts_with("CPU: "));
  EXPECT_EQ(summary.at("seed"), 6);
  EXPECT_EQ(summary.at("epochs"), 3);
  EXPECT_EQ(summary.at("parameters"), 784 * 12 + 12 + 12 * 8 + 8 + 8 * 10 + 10);
  EXPECT_GT(summary.at("seconds_load"), 0);
  EXPECT_GT(summary.at("seconds_test"), 0);
  const double seconds_train = summary.at("seconds_train");
  EXPECT_GT(seconds_train, 0);
  EXPECT_GT(summary.at("seconds_wall"), seconds_train);
  EXPECT_NEAR(summary.at("samples_per_second").get<double>() * seconds_train, 3 * kTrainingDigits,
              1e-6);
}

TEST(TrainingOutputTest, ModelAndCheckpointHoldWhatPyTorchExpects) {
  const SmallRun run;
  expect_success(run.train());
  const TensorFile model = read_tensors(run.file("model.safetensors"));
  const TensorFile checkpoint = read_tensors(run.file("checkpoint.safetensors"));
  const std::map<std::string, std::vector<std::size_t>> shapes{
      {"0.weight", {12, 784}}, {"0.bias", {12}},      {"2.weight", {8, 12}},
      {"2.bias", {8}},         {"4.weight", {10, 8}}, {"4.bias", {10}}};
  EXPECT_EQ(model.tensors.size(), shapes.size());
  EXPECT_EQ(checkpoint.tensors.size(), 3 * shapes.size());
  for (const auto& [name, shape] : shapes) {
    EXPECT_EQ(model.tensors.at(name).shape, shape) << name;
    EXPECT_TRUE(checkpoint.tensors.at("model." + name) == model.tensors.at(name)) << name;
    for (const char* moments : {"adam.m.", "adam.v."}) {
      EXPECT_EQ(checkpoint.tensors.at(moments + name).shape, shape) << moments << name;
    }
  }
  const Json progress = read_progress(run.file("checkpoint.safetensors"));
  EXPECT_EQ(progress.at("epoch"), 3);
  EXPECT_EQ(progress.at("step"), 3 * kTrainingDigits / 32);
}

}  // namespace
}  // namespace qmnist::test
