// Sweeps that repeat one config with several seeds, from outside.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/small_sweep.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

TEST(RepetitionTest, NeedsNoValidationAndTellsTheTest) {
  const SmallSweep sweep(Json{{"set", {{"data.validation_fraction", 0.0}}},
                              {"parameters", {{"training.batch_size", nullptr}}}});
  const ProgramResult result = sweep.sweep();
  expect_success(result);
  double sum = 0;
  for (const char* trial : {"000", "001"}) {
    sum += read_json(sweep.file(trial) / "summary.json").at("test_accuracy").get<double>();
  }
  expect_contains(result.output, fmt::format("over 2 seeds: test accuracy {:.2f} ± ", 50 * sum));
  EXPECT_EQ(sweep.results().at(0).at(5), "test_accuracy");
}

TEST(RepetitionTest, TellsTheAccuracyOfItsEnsemble) {
  const SmallRun run(Json{{"training", {{"batch_size", 4}}}});
  const fs::path folder = run.folder() / "run-seeds";
  const ProgramResult result =
      run_qmnist({"sweep", "--config", run.config(), "--seeds", "3", "--device", "cpu"});
  expect_success(result);
  const ProgramResult evaluation =
      run_qmnist({"evaluate", "--model", folder / "000", folder / "001", folder / "002", "--device",
                  "cpu", "--json"});
  expect_success(evaluation);
  const Json expected = Json::parse(evaluation.output);
  const Json summary = read_json(folder / "summary.json");
  EXPECT_EQ(summary.at("trials"), 3);
  EXPECT_EQ(summary.at("ensemble").at("test_accuracy"), expected.at("accuracy"));
  EXPECT_EQ(summary.at("ensemble").at("test_loss"), expected.at("loss"));
  const std::string sentence = fmt::format("Ensemble of the 3 models: test accuracy {:.2f} ± ",
                                           100 * expected.at("accuracy").get<double>());
  expect_contains(result.output, sentence);
  expect_contains(read_file(folder / "sweep.html"), sentence);
  double sum = 0;
  for (const char* trial : {"000", "001", "002"}) {
    sum += read_json(folder / trial / "summary.json").at("test_accuracy").get<double>();
  }
  EXPECT_DOUBLE_EQ(summary.at("test_accuracy").at("mean").get<double>(), sum / 3);
  EXPECT_GT(summary.at("test_accuracy").at("deviation").get<double>(), 0);
}

TEST(RepetitionTest, TrialsHaveTheSplitOfTheCommandLine) {
  const SmallRun run;
  const auto repeat = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"sweep", "--config", run.config(), "--seeds", "2"});
    return run_qmnist(more);
  };
  const ProgramResult result = repeat({"--set", "data.split=official"});
  expect_success(result);
  expect_contains(result.output,
                  "split     700 training, 0 validation, 300 test images (official, the data set's "
                  "own files)\n");
  const fs::path folder = run.folder() / "run-seeds";
  EXPECT_EQ(read_json(folder / "001/summary.json").at("dataset").at("test_size"), kTestFileDigits);
  const auto files = read_folder(folder / "001");
  expect_error(repeat({}), 2, {"data.split", "official", "notebook", "another output.dir"});
  EXPECT_TRUE(read_folder(folder / "001") == files);
}

TEST(RepetitionTest, AnEnsembleLeavesOutFailedTrials) {
  const SmallRun run(Json{{"training", {{"batch_size", 4}}}});
  const fs::path folder = run.folder() / "run-seeds";
  const auto repeat = [&](const char* seeds) {
    return run_qmnist({"sweep", "--config", run.config(), "--seeds", seeds});
  };
  fs::create_directory(folder);
  write_file(folder / "001", "not a folder");
  const ProgramResult one = repeat("2");
  expect_error(one, 2, {"1 of 2 trials failed; the first of them, 001"});
  EXPECT_EQ(one.output.find("Ensemble"), std::string::npos) << one.output;
  EXPECT_FALSE(read_json(folder / "summary.json").contains("ensemble"));

  const ProgramResult two = repeat("3");
  expect_error(two, 2, {"1 of 3 trials failed; the first of them, 001"});
  expect_contains(two.output, "Ensemble of the 2 models: ");
  const ProgramResult evaluation = run_qmnist(
      {"evaluate", "--model", folder / "000", folder / "002", "--device", "cpu", "--json"});
  const Json summary = read_json(folder / "summary.json");
  EXPECT_EQ(summary.at("trials"), 2);
  EXPECT_EQ(summary.at("ensemble").at("test_accuracy"),
            Json::parse(evaluation.output).at("accuracy"));
}

TEST(RepetitionTest, AModelThatIsGoneIsNamedInsteadOfLeftOut) {
  const SmallRun run(Json{{"training", {{"batch_size", 4}, {"epochs", 1}}}});
  const std::vector<std::string> repeat{"sweep", "--config", run.config(), "--seeds", "2"};
  expect_success(run_qmnist(repeat));
  fs::remove(run.folder() / "run-seeds/001/model.safetensors");
  expect_error(run_qmnist(repeat), 3, {"run-seeds/001", "model.safetensors"});
}

TEST(RepetitionTest, SeedsOfAConfigAreThoseOfASweepFile) {
  const Json config{{"training", {{"epochs", 1}, {"seed", 7}}}};
  const SmallSweep sweep(
      {{"set", nullptr},
       {"parameters", {{"training.batch_size", nullptr}, {"training.seed", {7, 8, 9}}}}},
      config);
  expect_success(sweep.sweep());
  const SmallRun run(config);
  const ProgramResult result = run_qmnist({"sweep", "--config", run.config(), "--seeds", "3"});
  expect_success(result);
  expect_contains(result.output, "3/3 trial");
  for (const char* trial : {"000", "001", "002"}) {
    expect_same_result(run.folder() / "run-seeds" / trial, sweep.file(trial));
  }
  EXPECT_FALSE(fs::exists(run.folder() / "run-seeds/003"));
}

}  // namespace
}  // namespace qmnist::test
