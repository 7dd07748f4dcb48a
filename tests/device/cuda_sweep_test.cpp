#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/support/gpu.h"
#include "tests/support/small_sweep.h"

namespace qmnist::test {
namespace {

/// Sweeps on a GPU; skipped where none works.
class CudaSweepTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string obstacle = gpu_obstacle(); !obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
  }
};

TEST_F(CudaSweepTest, TrialsAreTheSameWithAnyNumberOfJobs) {
  const SmallSweep one;
  const SmallSweep four;
  const ProgramResult result = one.sweep({"--device", "auto"});
  expect_success(result);
  expect_contains(result.output, "device    GPU 0: ");
  expect_contains(result.output, "sweep     4 trials, 1 in parallel");
  expect_success(four.sweep({"--device", "cuda:0", "--jobs", "4"}));
  for (int trial = 0; trial < 4; ++trial) {
    const std::string name = fmt::format("{:03}", trial);
    expect_same_result(one.file(name), four.file(name));
    EXPECT_EQ(read_json(one.file(name) / "config.json").at("device"), "cuda");
  }
}

TEST_F(CudaSweepTest, ADeviceThatIsNotThereIsNamedBeforeTheFirstTrial) {
  const SmallSweep sweep;
  expect_error(sweep.sweep({"--device", "cuda:0,999"}), 4,
               {"device_index is 999, but the GPUs here are 0 ("});
  EXPECT_FALSE(std::filesystem::exists(sweep.file("000")));
}

}  // namespace
}  // namespace qmnist::test
