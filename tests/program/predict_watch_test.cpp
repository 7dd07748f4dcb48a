#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "host/data/dataset.h"
#include "host/image/png.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class PredictWatchTest : public testing::Test {
 protected:
  PredictWatchTest() {
    expect_success(run_.train());
    dataset_ = load_dataset({.source = "mnist", .dir = run_.data("").parent_path()});
    fs::create_directory(inbox());
  }

  [[nodiscard]] fs::path inbox() const { return folder_ / "inbox"; }
  [[nodiscard]] std::string picture(std::size_t index) const {
    const auto image = dataset_.view().image(index);
    return encode_png({kImageSide, kImageSide, {image.begin(), image.end()}});
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more) const {
    more.insert(more.begin(),
                {"predict", "--model", run_.output().string(), "--watch", inbox().string()});
    return qmnist_command(std::move(more));
  }

  SmallRun run_;
  TemporaryFolder folder_;
  Dataset dataset_;
};

TEST_F(PredictWatchTest, AnswersEachImageAsItArrives) {
  write_file(inbox() / "old.png", picture(0));
  Program program(command({inbox().string()}));  // so that it is known when it watches
  ASSERT_TRUE(program.wait_for_output("old.png", 20s));
  write_file(inbox() / "new.png", picture(1));
  ASSERT_TRUE(program.wait_for_output("new.png", 20s));
  write_file(inbox() / ".hidden.png", picture(1));
  write_file(inbox() / "text.txt", "text");
  write_file(folder_ / "moved.png", picture(2));
  fs::rename(folder_ / "moved.png", inbox() / "moved.png");
  ASSERT_TRUE(program.wait_for_output("moved.png", 20s));
  program.send_signal(SIGINT);
  const ProgramResult result = program.finish();
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(std::ranges::count(result.output, '\n'), 3) << result.output;
  EXPECT_EQ(result.errors, "");
}

TEST_F(PredictWatchTest, GoesOnAfterADamagedImageAndSaysSoInItsStatus) {
  write_file(inbox() / "old.png", picture(0));
  Program program(command({"--json", inbox().string()}));
  ASSERT_TRUE(program.wait_for_output("old.png", 20s));
  write_file(inbox() / "damaged.png", "no picture");
  write_file(inbox() / "whole.png", picture(1));
  ASSERT_TRUE(program.wait_for_output("whole.png\",\"label\":", 20s));
  program.send_signal(SIGTERM);
  const ProgramResult result = program.finish();
  EXPECT_EQ(result.status, 3);
  expect_contains(result.errors, "damaged.png: ");
}

TEST_F(PredictWatchTest, EndsWhereTheFolderIsRemoved) {
  write_file(folder_ / "first.png", picture(0));
  Program program(command({(folder_ / "first.png").string()}));
  ASSERT_TRUE(program.wait_for_output("first.png", 20s));
  fs::remove(inbox());
  const ProgramResult result = program.finish();
  EXPECT_EQ(result.status, 3);
  expect_contains(result.errors, "inbox: was removed or moved; expected a folder that stays");
}

TEST_F(PredictWatchTest, SaysThatAFolderWithoutANameIsNone) {
  const ProgramResult result =
      run_program(qmnist_command({"predict", "--model", run_.output().string(), "--watch", ""}));
  EXPECT_EQ(result.status, 3);
  expect_contains(result.errors, "cannot be watched: No such file or directory");
}

TEST_F(PredictWatchTest, DoesNotGoWithASubmission) {
  const ProgramResult result =
      run_program(command({"--csv", "test.csv", "--submission", "submission.csv"}));
  EXPECT_EQ(result.status, 2);
  expect_contains(result.errors, "--watch does not go with --csv");
}

}  // namespace
}  // namespace qmnist::test
