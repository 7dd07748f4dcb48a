// Sweeps, from outside.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/decode_png.h"
#include "tests/support/markup.h"
#include "tests/support/small_sweep.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLimit{60};

/// When each trial's checkpoint was written.
std::vector<fs::file_time_type> checkpoint_times(const SmallSweep& sweep, std::size_t trials) {
  std::vector<fs::file_time_type> times;
  for (std::size_t i = 0; i < trials; ++i) {
    times.push_back(
        fs::last_write_time(sweep.file(fmt::format("{:03}/checkpoint.safetensors", i))));
  }
  return times;
}

TEST(SweepTest, TrialsAreWholeRunsTheSameWithAnyNumberOfJobs) {
  const SmallSweep one;
  const SmallSweep two;
  expect_success(one.sweep({"--jobs", "1", "--quiet"}));
  const ProgramResult result = two.sweep({"--jobs", "2"});
  expect_success(result);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = fmt::format("{:03}", i);
    expect_same_result(two.file(name), one.file(name));
    EXPECT_TRUE(fs::exists(two.file(name) / "report.html"));
    expect_contains(result.output, "trial " + name + ", training.batch_size");
  }
  const SmallRun alone(Json{{"training", {{"epochs", 2}, {"batch_size", 32}, {"seed", 1}}},
                            {"data", {{"validation_fraction", 0.2}}}});
  EXPECT_EQ(alone.train({"--quiet"}).status, 0);  // with a warning: two epochs teach it nothing
  expect_same_result(two.file("003"), alone.output());
  expect_success(run_qmnist({"compare", two.file("000"), two.file("003")}));
}

TEST(SweepTest, RanksSettingsByMeanValidationAccuracyOverTheSeeds) {
  const SmallSweep sweep;
  const ProgramResult result = sweep.sweep();
  expect_success(result);
  const auto rows = sweep.results();
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"trial", "training.batch_size", "training.seed",
                                               "epochs", "validation_accuracy", "validation_loss",
                                               "seconds", "failure", "warning"}));
  for (std::size_t i = 0; i < 4; ++i) {
    const Json last = read_json_lines(sweep.file(fmt::format("{:03}/metrics.jsonl", i))).back();
    EXPECT_EQ(std::stod(rows[i + 1][4]), last.at("val_accuracy").get<double>());
    EXPECT_EQ(std::stod(rows[i + 1][5]), last.at("val_loss").get<double>());
  }
  const auto mean = [&](std::size_t row) {
    return (std::stod(rows[row][4]) + std::stod(rows[row + 1][4])) / 2;
  };
  const std::size_t first = result.output.find("\n  000 001 ");
  const std::size_t second = result.output.find("\n  002 003 ");
  ASSERT_NE(std::max(first, second), std::string::npos) << result.output;
  EXPECT_EQ(first<second, mean(1)> mean(3)) << result.output;
  expect_contains(result.output, fmt::format("{:.2f} ± ", 100 * mean(1)));
  EXPECT_EQ(result.output.find("test accuracy"), std::string::npos);
  if (QMNIST_HAS_REPORT_PNG != 0) {
    EXPECT_GT(decode_png(read_file(sweep.file("results.png"))).width, 600);
  }
  const std::string page = read_file(sweep.file("sweep.html"));
  EXPECT_EQ(elements_of(page, "tr").size(), 3U);
  EXPECT_EQ(elements_of(page, "circle").size(), 4U);
  for (const Element& link : elements_of(page, "a")) {
    EXPECT_TRUE(fs::exists(sweep.file(link.attribute("href")))) << link.text;
  }
}

TEST(SweepTest, TrainsNothingTwice) {
  const SmallSweep sweep;
  expect_success(sweep.sweep());
  const auto times = checkpoint_times(sweep, 4);
  const std::string results = read_file(sweep.file("results.csv"));
  fs::remove(sweep.file("002/checkpoint.safetensors"));
  const ProgramResult again = sweep.sweep();
  expect_success(again);
  expect_contains(again.output, "trial 002");
  EXPECT_EQ(again.output.find("trial 001"), std::string::npos);
  const auto later = checkpoint_times(sweep, 4);
  for (const std::size_t i : {0U, 1U, 3U}) {
    EXPECT_EQ(later[i], times[i]) << i;
  }
  EXPECT_NE(later[2], times[2]);
}

TEST(SweepTest, TakesNoResultOfFewerEpochs) {
  const SmallSweep sweep;
  expect_success(sweep.sweep({"--quiet"}));
  const std::string summary = read_file(sweep.file("000/summary.json"));
  const std::string model = read_file(sweep.file("000/model.safetensors"));
  const std::vector<std::string> longer{"--quiet", "--set", "training.epochs=4"};
  expect_success(sweep.sweep(longer));
  const std::string trained = read_file(sweep.file("000/model.safetensors"));
  const auto results = sweep.results();
  // As if it had been killed after the last checkpoint.
  write_file(sweep.file("000/summary.json"), summary);
  write_file(sweep.file("000/model.safetensors"), model);
  expect_success(sweep.sweep(longer));
  EXPECT_EQ(read_json(sweep.file("000/summary.json")).at("epochs"), 4);
  EXPECT_TRUE(read_file(sweep.file("000/model.safetensors")) == trained);
  EXPECT_EQ(sweep.results(), results);
}

TEST(SweepTest, InterruptedEndsAsIfNeverInterrupted) {
  const Json slow{{"model", {{"hidden", {256, 128}}}}};
  const Json changes{{"set", {{"training.epochs", 4}}},
                     {"parameters", {{"training.batch_size", {1, 2}}}}};
  const SmallSweep whole(changes, slow);
  expect_success(whole.sweep());
  const SmallSweep sweep(changes, slow);
  std::size_t interruptions = 0;
  for (int status = -1; status != 0;) {
    Program program(sweep.command({"--jobs", "2"}));
    const bool is_first = interruptions == 0;
    ASSERT_TRUE(program.wait_for_output(is_first ? "output" : "resuming: ", kLimit));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (interruptions < 3) {
      program.send_signal(SIGINT);
    }
    const ProgramResult result = program.finish();
    status = result.status;
    if (status != 0) {
      ASSERT_EQ(status, 130) << result.errors;
      expect_contains(result.output, "run the same command to resume");
      ++interruptions;
    }
  }
  EXPECT_GT(interruptions, 0U);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = fmt::format("{:03}", i);
    expect_same_result(sweep.file(name), whole.file(name));
  }
}

TEST(SweepTest, HalvingTrainsTheBestOnAndStopsTheOthers) {
  const Json changes{
      {"search", "halving"},
      {"trials", 4},
      {"seed", 5},
      {"set", {{"training.epochs", 3}}},
      {"halving", {{"factor", 2}, {"first_epochs", 1}}},
      {"parameters",
       {{"training.batch_size", nullptr},
        {"optimizer.learning_rate", {{"min", 1e-4}, {"max", 1e-2}, {"scale", "log"}}}}}};
  const SmallSweep sweep(changes);
  expect_success(sweep.sweep({"--jobs", "2"}));
  std::vector<double> after_one;
  std::vector<std::size_t> epochs;
  for (std::size_t i = 0; i < 4; ++i) {
    const fs::path folder = sweep.file(fmt::format("{:03}", i));
    const std::vector<Json> history = read_json_lines(folder / "metrics.jsonl");
    after_one.push_back(history.front().at("val_accuracy"));
    epochs.push_back(history.size());
    EXPECT_EQ(fs::exists(folder / "summary.json"), history.size() == 3);
    EXPECT_EQ(read_json(folder / "config.json").at("training").at("epochs"), 3);
  }
  EXPECT_EQ(std::ranges::count(epochs, 3U), 1);  // 4 trials to epoch 1, 2 to epoch 2, 1 to epoch 3
  EXPECT_EQ(std::ranges::count(epochs, 2U), 1);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_FALSE(epochs[i] > 1 && epochs[j] == 1 && after_one[i] < after_one[j]) << i << j;
    }
  }
  const SmallSweep one_job(changes);
  expect_success(one_job.sweep({"--jobs", "1"}));
  const std::string best = fmt::format("{:03}", std::ranges::max_element(epochs) - epochs.begin());
  expect_same_result(sweep.file(best), one_job.file(best));
  const auto times = checkpoint_times(sweep, 4);
  expect_success(sweep.sweep());
  EXPECT_EQ(checkpoint_times(sweep, 4), times);
}

TEST(SweepTest, AFailedTrialIsShownAndTheOthersGoOn) {
  // So many layers and so large steps that the sums overflow in the first epoch.
  const Json deep{{"model", {{"hidden", std::vector(16, 64)}}}, {"training", {{"batch_size", 8}}}};
  const SmallSweep sweep({{"parameters",
                           {{"training.batch_size", nullptr},
                            {"training.seed", nullptr},
                            {"optimizer.learning_rate", {0.001, 10}}}}},
                         deep);
  const ProgramResult result = sweep.sweep();
  EXPECT_EQ(result.status, 2);
  expect_contains(result.errors, "qmnist_gpu: error: 1 of 2 trials failed; the first of them, 001");
  expect_contains(result.output, "optimizer.learning_rate 10: failed: training diverged");
  expect_contains(result.output, "Saved in ");
  expect_contains(read_file(sweep.file("results.csv")), ",\"training diverged in epoch 1");
  EXPECT_EQ(sweep.results().at(1).at(6), "") << "its failure";

  const SmallSweep all({{"parameters",
                         {{"training.batch_size", nullptr},
                          {"training.seed", {0, 1}},
                          {"optimizer.learning_rate", {10}}}}},
                       deep);
  expect_error(all.sweep(), 2, {"2 of 2 trials failed", "diverged"});
}

TEST(SweepTest, MarksTrialsThatLearnedNothing) {
  const SmallSweep sweep(Json{{"parameters",
                               {{"training.batch_size", nullptr},
                                {"training.seed", nullptr},
                                {"optimizer.learning_rate", {0.01, 1}}}}});
  for (int again = 0; again < 2; ++again) {  // the second time from the trials' folders
    const ProgramResult result = sweep.sweep();
    expect_success(result);
    EXPECT_EQ(result.output.find("warning: ") != std::string::npos, again == 0);
    EXPECT_EQ(sweep.results().at(1).back(), "");
    EXPECT_EQ(sweep.results().at(2).at(6), "") << "its failure";
    expect_contains(read_file(sweep.file("results.csv")), " test images are classified as ");
  }
}

TEST(SweepTest, RefusesAFolderOfAnotherSweep) {
  const SmallSweep sweep;
  expect_success(sweep.sweep());
  Json other = read_json(sweep.run().folder() / "sweep.json");
  other["parameters"]["training.batch_size"] = {16, 64};
  write_file(sweep.run().folder() / "sweep.json", other.dump());
  expect_error(sweep.sweep(), 2, {"002", "training.batch_size was 32", "64", "output.dir"});
  other["parameters"]["training.batch_size"] = {16, 32};
  other["set"]["training.epochs"] = 1;
  write_file(sweep.run().folder() / "sweep.json", other.dump());
  expect_error(sweep.sweep(), 2, {"000", "2 epochs", "training.epochs is 1", "output.dir"});
  other["set"]["training.epochs"] = 2;
  write_file(sweep.run().folder() / "sweep.json", other.dump());
  write_file(sweep.file("003/summary.json"), R"({"epochs": 2})");
  expect_error(sweep.sweep(), 3, {"003/summary.json", "test_loss"});
}

TEST(SweepTest, ShowsAMovingLineOnATerminal) {
  const SmallSweep sweep(Json::object(), {{"model", {{"hidden", {256, 128}}}}});
  const ProgramResult result = run_on_terminal(sweep.command());
  EXPECT_EQ(result.status, 0) << result.output;
  expect_contains(result.output, "4/4 trial");
  expect_contains(result.output, "left\x1b[K");
}

TEST(SweepTest, NamesWhatIsWrong) {
  const SmallSweep sweep(Json{{"search", "best"}});
  expect_error(sweep.sweep(), 2, {"sweep.json", "search", "\"best\""});
  expect_error(sweep.sweep({"--jobs", "0"}), 2, {"--jobs"});
  expect_error(run_qmnist({"sweep"}), 2, {"--config"});
  expect_error(sweep.sweep({"--seeds", "3"}), 2, {"sweep.json", "is a sweep file"});
  expect_error(sweep.sweep({"--seeds", "0"}), 2, {"--seeds", "10000"});
  expect_error(sweep.sweep({"--seeds", "10001"}), 2, {"--seeds", "10000"});
  expect_error(run_qmnist({"sweep", "--config", sweep.run().config()}), 2,
               {"config.json", "no sweep file", "add --seeds 5"});
}

}  // namespace
}  // namespace qmnist::test
