// Sweeps whose trials several processes share, from outside.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/small_sweep.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// The rows of results.csv without the seconds.
std::vector<std::vector<std::string>> timeless_results(const SmallSweep& sweep) {
  std::vector<std::vector<std::string>> rows = sweep.results();
  for (std::vector<std::string>& row : rows) {
    row.at(6).clear();
  }
  return rows;
}

void expect_same_sweep(const SmallSweep& actual, const SmallSweep& expected) {
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string name = fmt::format("{:03}", i);
    expect_same_result(actual.file(name), expected.file(name));
  }
  EXPECT_EQ(timeless_results(actual), timeless_results(expected));
  EXPECT_TRUE(fs::exists(actual.file("sweep.html")));
}

TEST(ShardTest, EndWithTheResultsOfOneProcess) {
  const SmallSweep whole;
  expect_success(whole.sweep({"--quiet"}));
  const SmallSweep shards;
  Program first(shards.command({"--shard", "0/2"}));
  Program second(shards.command({"--shard", "1/2"}));
  expect_success(first.finish());
  expect_success(second.finish());
  expect_same_sweep(shards, whole);
  expect_success(shards.sweep({"--shard", "1/2"}));  // finds all done
  fs::remove(shards.file("results.csv"));
  expect_success(shards.sweep({"--collect"}));
  expect_same_sweep(shards, whole);
  fs::remove(shards.file("results.csv"));
  expect_success(shards.sweep({"--shard", "0/1"}));
  expect_same_sweep(shards, whole);
}

TEST(ShardTest, GoOnAfterTheyAreKilled) {
  const Json longer{{"set", {{"training.epochs", 40}}}};
  const SmallSweep whole(longer);
  expect_success(whole.sweep({"--quiet"}));
  const SmallSweep shards(longer);
  for (const int milliseconds : {150, 250, 400}) {
    Program first(shards.command({"--shard", "0/2", "--set", "output.checkpoint_seconds=0"}));
    Program second(shards.command({"--shard", "1/2", "--set", "output.checkpoint_seconds=0"}));
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    first.send_signal(SIGKILL);
    second.send_signal(SIGKILL);
    (void)first.finish();
    (void)second.finish();
  }
  expect_success(shards.sweep({"--shard", "1/2"}));
  expect_success(shards.sweep({"--shard", "0/2"}));
  expect_same_sweep(shards, whole);
}

TEST(ShardTest, TrialsThatStoppedEarlyAreFinished) {
  const Json early{{"set", {{"training.epochs", 60}, {"training.early_stopping", 1}}}};
  const SmallSweep whole(early);
  expect_success(whole.sweep({"--quiet"}));
  const SmallSweep shards(early);
  expect_success(shards.sweep({"--shard", "0/2"}));
  expect_success(shards.sweep({"--shard", "1/2"}));
  expect_same_sweep(shards, whole);
  EXPECT_LT(read_json(shards.file("000/summary.json")).at("epochs"), 60);
  expect_success(shards.sweep({"--collect"}));
  expect_same_sweep(shards, whole);
}

TEST(ShardTest, CollectingNamesWhatIsNotFinished) {
  const SmallSweep sweep;
  std::vector<std::string> task{"env", "SLURM_ARRAY_TASK_ID=7", "SLURM_ARRAY_TASK_MIN=3",
                                "SLURM_ARRAY_TASK_STEP=2", "SLURM_ARRAY_TASK_COUNT=4"};
  const std::vector<std::string> command = sweep.command({"--shard", "auto"});
  task.insert(task.end(), command.begin(), command.end());
  const ProgramResult result = run_program(task);
  expect_success(result);
  expect_contains(result.output, "shard 2 of 4, of 4 trials in all");
  expect_contains(result.output, "--collect");
  EXPECT_TRUE(fs::exists(sweep.file("002/summary.json")));
  EXPECT_FALSE(fs::exists(sweep.file("000")));
  expect_error(sweep.sweep({"--collect"}), 2, {"3 of 4 trials failed", "000: is not finished"});
  EXPECT_EQ(sweep.results().size(), 5U);
}

TEST(ShardTest, ThatMakeNoSenseAreRefused) {
  const SmallSweep sweep;
  for (const char* wrong : {"4/4", "1", "1/0", "-1/4", "a/4", "auto/0", ""}) {
    expect_error(sweep.sweep({"--shard", wrong}), 2, {"--shard"});
  }
  expect_error(sweep.sweep({"--shard", "auto"}), 2,
               {"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"});
  const SmallSweep halving(
      {{"search", "halving"}, {"trials", 4}, {"halving", {{"factor", 2}, {"first_epochs", 1}}}});
  expect_error(halving.sweep({"--shard", "0/2"}), 2, {"halving", "grid"});
}

}  // namespace
}  // namespace qmnist::test
