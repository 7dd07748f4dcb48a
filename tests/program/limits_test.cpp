// Runs within the limits of memory that a system may set, from outside.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// Runs a command under a limit of the shell's ulimit: -v for its address space, -d for its data,
/// in KiB.
ProgramResult run_within(std::string_view limit, std::vector<std::string> command) {
  command.insert(command.begin(),
                 {"bash", "-c", fmt::format("ulimit {}; exec \"$@\"", limit), "bash"});
  return run_program(command);
}

TEST(LimitsTest, ANetworkThatDoesNotFitIsRefusedBeforeItIsMade) {
  const SmallRun run;
  const ProgramResult result =
      run_within("-v 3000000", run.command({"--set", "model.hidden=[16384,16384]"}));
  expect_error(result, 2,
               {"not enough memory", "GiB are needed", "GiB are available (ulimit -v)",
                "model.hidden", "training.batch_size"});
  EXPECT_FALSE(fs::exists(run.output()));
  expect_error(run_within("-v 3000000", run.command({"--set", "training.batch_size=65536", "--set",
                                                     "model.hidden=[8192]"})),
               2, {"not enough memory"});
}

TEST(LimitsTest, ThePlanSaysHowMuchMemoryIsNeededAndAvailable) {
  const SmallRun run;
  const ProgramResult result = run_within("-v 2000000", run.command());
  expect_success(result);
  expect_contains(result.output, "\nmemory    ");
  expect_contains(result.output, " needed, 1.");
  expect_contains(result.output, " GiB available (ulimit -v)\n");
}

TEST(LimitsTest, ASweepCountsTheTrialsThatTrainAtOnce) {
  const SmallRun run(Json{{"training", {{"epochs", 1}}}});
  const fs::path sweep = run.folder() / "sweep.json";
  write_file(sweep, R"({"base": "config.json", "search": "grid", "output": {"dir": "sweep"},
      "set": {"data.validation_fraction": 0.2}, "parameters": {"model.hidden": [[8], [3000], [3000, 1000]], "training.seed": [0, 1]}})");
  const auto sweep_with = [&](const char* jobs) {
    return run_within("-d 800000", qmnist_command({"sweep", "--config", sweep, "--jobs", jobs}));
  };
  expect_error(sweep_with("4"), 2, {"not enough memory", "(ulimit -d)", "lower --jobs"});
  const ProgramResult one = sweep_with("1");
  expect_success(one);
  expect_contains(one.output, "\nmemory    ");
  EXPECT_EQ(one.output.find("failed"), std::string::npos) << one.output;
}

}  // namespace
}  // namespace qmnist::test
