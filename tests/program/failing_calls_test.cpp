// Each call to the system that the program makes fails in its turn, and each allocation: by a
// library that is preloaded into it (faults/failing_calls.cpp).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// So many of the calls fail in turn, evenly spread; QMNIST_FAILING_POINTS=1000000 tries them all.
std::size_t points(std::size_t usual) {
  const char* wish = std::getenv("QMNIST_FAILING_POINTS");  // NOLINT(concurrency-mt-unsafe)
  return wish == nullptr ? usual : std::stoul(wish);
}

/// The arguments of a command of the program, which looks at a finished run.
struct Subject {
  const char* name;
  std::vector<std::string> (*arguments)(const SmallRun& run);
};

const Json kTiny{{"model", {{"hidden", {4}}}}, {"training", {{"epochs", 2}}}};

class FailingCallsTest : public testing::TestWithParam<Subject> {
 protected:
  static void SetUpTestSuite() {
    finished_run = std::make_unique<SmallRun>(kTiny);
    expect_success(finished_run->train());
    write_file(finished_run->folder() / "sweep.json", R"({
      "base": "config.json", "search": "grid", "parameters": {"training.seed": [0]},
      "output": {"dir": "sweep"}})");
  }
  static void TearDownTestSuite() { finished_run.reset(); }

  /// Runs the program with these calls failing: "files:3", or "files:0" for none.
  static ProgramResult run_failing(const std::string& calls, std::vector<std::string> arguments) {
    arguments = qmnist_command(std::move(arguments));
    arguments.insert(arguments.begin(),
                     {"env", "LD_PRELOAD=" QMNIST_FAILING_CALLS, "QMNIST_FAIL=" + calls,
                      "QMNIST_FAIL_COUNT=" + count_file()});
    return run_program(arguments);
  }

  /// How many calls of a kind the program makes where none fails.
  static std::size_t count_calls(const std::string& kind,
                                 const std::vector<std::string>& arguments) {
    const ProgramResult result = run_failing(kind + ":0", arguments);
    EXPECT_EQ(result.status, 0) << result.errors;
    return std::stoul(read_file(count_file()));
  }

  /// Lets `count` of the calls of a kind fail, one in each run, and checks how that run ends.
  template <typename Check>
  static void walk(const std::string& kind, std::size_t count,
                   const std::vector<std::string>& arguments, const Check& check) {
    const std::size_t calls = count_calls(kind, arguments);
    ASSERT_GT(calls, 10);
    count = std::min(points(count), calls);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string failing = fmt::format("{}:{}", kind, 1 + i * calls / count);
      SCOPED_TRACE(failing);
      check(run_failing(failing, arguments), failing);
    }
  }

  static void expect_one_error_or_none(const ProgramResult& result) {
    if (result.status == 0) {
      EXPECT_EQ(result.errors, "");
    } else {
      expect_error(result, result.status, {});
    }
  }

  static void expect_environment_error_or_none(const ProgramResult& result) {
    EXPECT_TRUE(result.status == 0 || (result.status >= 2 && result.status <= 4))
        << result.status << ": " << result.errors;
    expect_one_error_or_none(result);
  }

  static void expect_no_memory_or_none(const ProgramResult& result) {
    if (result.errors.find("OpenSSL internal error: assertion failed") != std::string::npos) {
      return;  // libcrypto 3.5 aborts where it cannot allocate what it keeps for a thread
    }
    EXPECT_TRUE(result.status == 0 || result.status == 2) << result.status << result.errors;
    expect_one_error_or_none(result);
    if (result.status != 0) {
      expect_contains(result.errors, "not enough memory");
    }
  }

  static const SmallRun& finished() { return *finished_run; }

 private:
  static std::string count_file() { return finished_run->folder() / "count"; }

  inline static std::unique_ptr<SmallRun> finished_run;
};

TEST_F(FailingCallsTest, NoFileOfATrainingRunIsLost) {
  const SmallRun run(kTiny);
  walk("files", 40, {"--config", run.config()}, [&](const ProgramResult& result, const auto&) {
    expect_environment_error_or_none(result);
    const ProgramResult again = run.train({"--resume", "--quiet"});
    expect_success(again);
    expect_same_result(run.output(), finished().output());
  });
}

TEST_F(FailingCallsTest, TooLittleMemoryToTrainIsSaid) {
  const SmallRun run(kTiny);
  const std::vector<std::string> arguments{"--config", run.config(), "--set", "training.threads=2"};
  walk("memory", 40, arguments, [&](const ProgramResult& result, const std::string& failing) {
    expect_no_memory_or_none(result);
    expect_no_memory_or_none(run_failing(failing + "+", arguments));
  });
  expect_success(run.train({"--resume", "--quiet"}));
  expect_same_result(run.output(), finished().output());
}

TEST_F(FailingCallsTest, ThreadsThatCannotBeStartedAreNamed) {
  const SmallRun run(Json{{"model", {{"hidden", {256}}}}, {"training", {{"threads", 4}}}});
  expect_error(run_failing("thread:2", {"--config", run.config(), "--quiet"}), 2,
               {"only 2 of 4 CPU threads", "training.threads"});
  expect_success(run.train({"--quiet"}));
  const fs::path sweep = finished().folder() / "jobs.json";
  write_file(sweep, R"({
      "base": "config.json", "search": "grid", "parameters": {"training.seed": [0, 1, 2]},
      "output": {"dir": "jobs"}})");
  // All of them: the second may be that of a trial, which has one to write checkpoints.
  expect_error(run_failing("thread:1+", {"sweep", "--config", sweep, "--jobs", "3", "--quiet"}), 2,
               {"only 0 of 3 trials", "--jobs to at most 1"});
  expect_success(run_qmnist({"sweep", "--config", sweep, "--quiet"}));
}

TEST_F(FailingCallsTest, PicturesAreReadWithoutThreads) {
  if (QMNIST_HAS_IMAGES == 0) {
    GTEST_SKIP() << "this build has no image decoders";
  }
  const TemporaryFolder pictures;
  for (std::uint32_t i = 0; i < 30; ++i) {
    write_file(pictures / fmt::format("{}/{}.png", i % 10, i), grey_png(random_levels(i)));
  }
  const std::vector<std::string> arguments{
      "evaluate", "--model", finished().output(), "--data", pictures.path(), "--device", "cpu"};
  const ProgramResult result = run_failing("thread:1+", arguments);
  expect_success(result);
  EXPECT_EQ(result.output, run_qmnist(arguments).output);
  EXPECT_GT(count_calls("thread", arguments), 0U);
}

TEST_F(FailingCallsTest, TooLittleMemoryToDecodeIsAnError) {
  if (QMNIST_HAS_IMAGES == 0) {
    GTEST_SKIP() << "this build has no image decoders";
  }
  const std::string image = source_dir() / "tests/fixtures/image/colour_40x30.tiff";
  walk("memory", 60, {"predict", "--model", finished().output(), image},
       [](const ProgramResult& result, const auto&) { expect_environment_error_or_none(result); });
}

TEST_P(FailingCallsTest, EndInAnErrorOfTheEnvironment) {
  const std::string_view name = GetParam().name;
  if ((name == "Predict" && (QMNIST_HAS_IMAGES == 0 || QMNIST_HAS_REPORT_PNG == 0)) ||
      (name == "Export" && QMNIST_HAS_ONNX == 0)) {
    GTEST_SKIP() << "this build lacks a part that the command needs";
  }
  walk("files", 25, GetParam().arguments(finished()),
       [](const ProgramResult& result, const auto&) { expect_environment_error_or_none(result); });
}

INSTANTIATE_TEST_SUITE_P(
    Commands, FailingCallsTest,
    testing::Values(
        Subject{"Resume",
                [](const SmallRun& run) {
                  return std::vector<std::string>{"--config", run.config(), "--resume"};
                }},
        Subject{"Evaluate",
                [](const SmallRun& run) {
                  return std::vector<std::string>{"evaluate", "--model", run.output()};
                }},
        Subject{"Predict",
                [](const SmallRun& run) {
                  return std::vector<std::string>{"predict",         "--model",
                                                  run.output(),      run.file("confusion.png"),
                                                  "--contact-sheet", run.folder() / "sheet.png"};
                }},
        Subject{"Submission",
                [](const SmallRun& run) {
                  const fs::path csv = run.folder() / "test.csv";
                  std::string pixels = "0";
                  for (std::size_t i = 1; i < kPixels; ++i) {
                    pixels += ",0";
                  }
                  write_file(csv, pixels);
                  return std::vector<std::string>{"predict",
                                                  "--model",
                                                  run.output(),
                                                  "--csv",
                                                  csv,
                                                  "--submission",
                                                  run.folder() / "submission.csv"};
                }},
        Subject{"Export",
                [](const SmallRun& run) {
                  return std::vector<std::string>{
                      "export", "--model",  run.output(),          "--format",
                      "onnx",   "--output", run.folder() / "model"};
                }},
        Subject{"Compare",
                [](const SmallRun& run) {
                  return std::vector<std::string>{"compare", run.output(), run.output(), "--html",
                                                  run.folder() / "page.html"};
                }},
        Subject{"Info",
                [](const SmallRun& run) {
                  return std::vector<std::string>{"info", "--data", run.folder() / "data"};
                }},
        Subject{"Sweep",
                [](const SmallRun& run) {
                  fs::remove_all(run.folder() / "sweep");
                  return std::vector<std::string>{"sweep", "--config", run.folder() / "sweep.json"};
                }}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace qmnist::test
