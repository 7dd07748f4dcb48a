#include <gtest/gtest.h>

#include <fmt/format.h>

#include <set>

#include "tests/support/gpu.h"
#include "tests/support/small_sweep.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// Sweeps on a GPU; skipped where none works.
class CudaSweepTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = gpu_obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
  }
};

/// Expects a trial's model, predictions and checkpoint to be those of its config alone on the CPU.
void expect_trial_alone_on_the_cpu(const SmallSweep& sweep, const std::string& trial) {
  const fs::path alone = sweep.run().folder() / ("alone_" + trial);
  const ProgramResult result =
      run_program(qmnist_command({"--config", sweep.file(trial) / "config.json", "--device", "cpu",
                                  "--set", "output.dir=" + alone.string()}));
  EXPECT_EQ(result.status, 0) << result.errors;  // it may warn of what few digits teach
  expect_same_result(sweep.file(trial), alone);
  EXPECT_EQ(read_file(sweep.file(trial) / "checkpoint.safetensors"),
            read_file(alone / "checkpoint.safetensors"));
}

TEST_F(CudaSweepTest, TrialsTogetherAreThoseAloneOnTheCpu) {
  const SmallSweep sweep;
  const ProgramResult result = sweep.sweep({"--device", "auto"});
  expect_success(result);
  expect_contains(result.output, "device    GPU 0: ");
  expect_contains(result.output, "sweep     4 trials, 4 in parallel, ");
  expect_contains(result.output, " MiB of GPU memory each");
  for (int trial = 0; trial < 4; ++trial) {
    const std::string name = fmt::format("{:03}", trial);
    const Json config = read_json(sweep.file(name) / "config.json");
    EXPECT_EQ(config.at("device"), "cuda");
    EXPECT_EQ(config.at("training").at("kernels"), "fixed_order");
    expect_trial_alone_on_the_cpu(sweep, name);
  }
}

/// In the same launches at first: a trial that diverges, as its weights change their signs and grow
/// with each step, one that stops early, and one that goes on; after them one by itself.
TEST_F(CudaSweepTest, TrialsThatEndLeaveTheOthersAlone) {
  const Json changes{{"set",
                      {{"training.epochs", 4},
                       {"training.early_stopping", 1},
                       {"optimizer.name", "sgd"},
                       {"optimizer.momentum", 0.9},
                       {"data.validation_fraction", 0.2}}},
                     {"parameters",
                      {{"training.batch_size", {32}},
                       {"training.seed", {0}},
                       {"optimizer.learning_rate", {10, 0.4}},
                       {"optimizer.weight_decay", {1, 0}}}}};
  const SmallSweep sweep(changes);
  expect_error(sweep.sweep({"--device", "cuda", "--jobs", "3", "--quiet"}), 2,
               {"1 of 4 trials failed; the first of them, 000: training diverged"});
  std::set<std::string> epochs;
  for (const std::string trial : {"001", "002", "003"}) {
    expect_trial_alone_on_the_cpu(sweep, trial);
    epochs.insert(std::to_string(read_json_lines(sweep.file(trial) / "metrics.jsonl").size()));
  }
  EXPECT_TRUE(epochs.contains("4"));
  EXPECT_GT(epochs.size(), 1U);
}

/// Their networks share no launches.
TEST_F(CudaSweepTest, TrialsWithCublasTrainOneByOne) {
  const Json changes{{"set", {{"training.epochs", 1}, {"training.kernels", "cublas"}}}};
  const SmallSweep sweep(changes);
  const ProgramResult result = sweep.sweep({"--device", "cuda"});
  expect_success(result);
  expect_contains(result.output, "sweep     4 trials, 1 in parallel\n");
  EXPECT_EQ(read_json(sweep.file("000") / "config.json").at("training").at("kernels"), "cublas");
}

TEST_F(CudaSweepTest, ADeviceThatIsNotThereIsNamedBeforeTheFirstTrial) {
  const SmallSweep sweep;
  expect_error(sweep.sweep({"--device", "cuda:0,999"}), 4,
               {"device_index is 999, but the GPUs here are 0 ("});
  EXPECT_FALSE(fs::exists(sweep.file("000")));
}

}  // namespace
}  // namespace qmnist::test
