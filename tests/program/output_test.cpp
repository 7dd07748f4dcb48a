// What the program does where its standard output or its terminal is gone, from outside.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Runs a command line of a shell in which "$@" is the command.
ProgramResult run_in_shell(const std::string& line, std::vector<std::string> command) {
  command.insert(command.begin(), {"bash", "-c", line, "bash"});
  return run_program(command);
}

constexpr const char* kFull = R"("$@" > /dev/full)";
constexpr const char* kClosed = R"("$@" >&-)";
constexpr const char* kEmptyPipe = R"("$@" | true; exit "${PIPESTATUS[0]}")";

TEST(OutputTest, EveryCommandReportsOutputThatCannotBeWritten) {
  const SmallRun run;
  expect_success(run.train());
  const std::string model = run.output();
  write_file(run.folder() / "sweep.json", R"({"base": "config.json", "search": "grid",
      "parameters": {"training.seed": [0]}, "output": {"dir": "sweep"}})");
  std::vector<std::vector<std::string>> commands{
      {"--version"},
      {"--help"},
      {"evaluate", "--help"},
      {"evaluate", "--model", model},
      {"evaluate", "--model", model, "--json"},
      {"export", "--model", model, "--format", "cpp", "--output", run.folder() / "model.h"},
      {"compare", model, model},
      {"info", "--data", run.folder() / "data"},
      {"sweep", "--config", run.folder() / "sweep.json"},
      {"--config", run.config(), "--resume"}};
  if (QMNIST_HAS_IMAGES != 0 && QMNIST_HAS_REPORT_PNG != 0) {
    commands.push_back({"predict", "--model", model, run.file("curves.png")});
    commands.push_back({"predict", "--model", model, run.file("curves.png"), "--json"});
  }
  for (const std::vector<std::string>& command : commands) {
    SCOPED_TRACE(testing::PrintToString(command));
    expect_error(run_in_shell(kFull, qmnist_command(command)), 2,
                 {"standard output", "No space left"});
    expect_error(run_in_shell(kClosed, qmnist_command(command)), 2,
                 {"standard output", "Bad file descriptor"});
  }
}

TEST(OutputTest, TrainingIsNotLostWithItsOutput) {
  const SmallRun whole;
  expect_success(whole.train());
  for (const char* line : {kFull, kClosed, R"("$@" >&- <&-)"}) {
    const SmallRun run;
    expect_error(run_in_shell(line, run.command()), 2, {"standard output"});
    EXPECT_EQ(read_folder(run.output()).size(), 12);
    expect_same_result(run.output(), whole.output());
  }
  const SmallRun run;
  expect_success(run_in_shell(kClosed, run.command({"--quiet"})));
}

TEST(OutputTest, AClosedPipeStaysQuietAndTrainingIsFinished) {
  const SmallRun run;
  expect_success(run_in_shell(kEmptyPipe, run.command()));
  EXPECT_EQ(read_folder(run.output()).size(), 12);
  constexpr int kPipeSignal = 128 + SIGPIPE;
  const ProgramResult info =
      run_in_shell(kEmptyPipe, qmnist_command({"evaluate", "--model", run.output()}));
  EXPECT_TRUE(info.status == 0 || info.status == kPipeSignal) << info.status;
  EXPECT_EQ(info.errors, "");
}

TEST(OutputTest, ErrorsThatNobodyCanHearKeepTheirStatus) {
  for (const char* line : {R"("$@" 2>&-)", R"("$@" 2>/dev/full)", R"("$@" >&- 2>&- <&-)"}) {
    EXPECT_EQ(run_in_shell(line, qmnist_command({"--config", "/no/such.json"})).status, 2);
  }
}

TEST(OutputTest, AWarningThatNobodyCanHearEndsNothing) {
  const SmallRun run(Json{{"optimizer", {{"learning_rate", 1}}}});  // collapses
  const ProgramResult heard = run.train({"--quiet"});
  EXPECT_EQ(heard.status, 0);
  expect_contains(heard.errors, "qmnist_gpu: warning: ");
  for (const char* line : {R"("$@" 2>&-)", R"("$@" 2>/dev/full)"}) {
    EXPECT_EQ(run_in_shell(line, run.command({"--quiet"})).status, 0) << line;
  }
}

TEST(OutputTest, AFileSizeLimitIsAnError) {
  const SmallRun run;
  expect_error(run_in_shell(R"(ulimit -f 16; "$@")", run.command({"--quiet"})), 2,
               {"checkpoint.safetensors", "File too large"});
  expect_success(run.train({"--resume"}));
}

const Json kLong{{"model", {{"hidden", {256, 128}}}},
                 {"training", {{"epochs", 1000}, {"batch_size", 2}}}};

TEST(OutputTest, AHangupIsSavedLikeAnyInterrupt) {
  const SmallRun run(kLong);
  Program program(run.command());
  ASSERT_TRUE(program.wait_for_output("output ", 60s));
  for (int times = 0; times < 2; ++times) {  // the kernel sends one, and the shell another one
    program.send_signal(SIGHUP);
  }
  const ProgramResult result = program.finish();
  EXPECT_EQ(result.status, 130) << result.errors;
  expect_contains(result.output, "Interrupted and saved");
  EXPECT_TRUE(fs::exists(run.file("checkpoint.safetensors")));
}

TEST(OutputTest, NohupIsRespected) {
  const SmallRun run(kLong);
  std::vector<std::string> command = run.command();
  command.insert(command.begin(), "nohup");
  Program program(command);
  ASSERT_TRUE(program.wait_for_output("output ", 60s));
  program.send_signal(SIGHUP);
  EXPECT_FALSE(program.wait_for_output("Interrupted", 1s));
  program.send_signal(SIGTERM);
  EXPECT_EQ(program.finish().status, 130);
}

}  // namespace
}  // namespace qmnist::test
