#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/small_run.h"

// A run that learns from another one, from outside.

namespace qmnist::test {
namespace {

class TeacherRunTest : public testing::Test {
 protected:
  TeacherRunTest() { expect_success(teacher_.train()); }

  /// Options of a run with that teacher.
  [[nodiscard]] std::vector<std::string> taught(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--set", "training.teacher=" + teacher_.output().string()});
    return more;
  }

  SmallRun teacher_{{{"training", {{"seed", 7}, {"epochs", 3}}}}};
  SmallRun student_;
};

TEST_F(TeacherRunTest, LearnsWhatItsTeacherSays) {
  const ProgramResult result = student_.train(taught({"--set", "training.teacher_weight=1"}));
  expect_success(result);
  expect_contains(result.output, "\nteacher   1 model, weight 1, temperature 2\n");
  expect_contains(read_file(student_.file("report.html")), "1 model, weight 1, temperature 2");
  EXPECT_EQ(read_json(student_.file("summary.json")).at("teacher_sha256").size(), 1U);
  // The labels alone give another network.
  const auto taught_model = read_tensors(student_.file("model.safetensors")).tensors;
  expect_success(student_.train());
  EXPECT_NE(read_tensors(student_.file("model.safetensors")).tensors, taught_model);
}

TEST_F(TeacherRunTest, AResumedRunHasTheSameBits) {
  for (const char* elastic : {"0", "1.5"}) {
    const std::vector<std::string> options =
        taught({"--set", fmt::format("augmentation.elastic={}", elastic)});
    const auto with = [&](const std::vector<std::string>& more) {
      std::vector<std::string> all = options;
      all.insert(all.end(), more.begin(), more.end());
      return all;
    };
    expect_success(student_.train(with({"--set", "training.epochs=4"})));
    const auto whole = read_tensors(student_.file("model.safetensors")).tensors;
    expect_success(student_.train(with({"--set", "training.epochs=2"})));
    expect_success(student_.train(with({"--set", "training.epochs=4", "--resume"})));
    EXPECT_EQ(read_tensors(student_.file("model.safetensors")).tensors, whole) << elastic;
  }
}

/// Wherever its file is: what counts is what is in it.
TEST_F(TeacherRunTest, IsResumedWithTheSameTeacherOnly) {
  expect_success(student_.train(taught()));
  const auto resume_with = [&](const std::filesystem::path& file) {
    return student_.train(
        {"--resume", "--set", "training.epochs=9", "--set", "training.teacher=" + file.string()});
  };
  const std::filesystem::path elsewhere = student_.folder() / "elsewhere.safetensors";
  std::filesystem::copy(teacher_.file("model.safetensors"), elsewhere);
  expect_success(resume_with(elsewhere));
  expect_success(teacher_.train({"--set", "training.seed=8"}));
  const ProgramResult result = resume_with(teacher_.output());
  EXPECT_EQ(result.status, 2);
  expect_contains(result.errors, "training.teacher was [\"");
}

/// A sweep that is run again takes the results that are there.
TEST_F(TeacherRunTest, TeachesASweep) {
  const std::vector<std::string> sweep =
      qmnist_command({"sweep", "--config", student_.config().string(), "--seeds", "2", "--device",
                      "cpu", "--set", "training.teacher=" + teacher_.output().string()});
  expect_success(run_program(sweep));
  const ProgramResult again = run_program(sweep);
  expect_success(again);
  EXPECT_EQ(again.output.find("1/2 trial"), std::string::npos) << again.output;
  expect_success(teacher_.train({"--set", "training.seed=8"}));
  const ProgramResult other = run_program(sweep);
  EXPECT_EQ(other.status, 2);
  expect_contains(other.errors, "training.teacher was [\"");
}

TEST_F(TeacherRunTest, IsNotInTheFolderOfItsStudent) {
  const ProgramResult result =
      teacher_.train({"--set", "training.teacher=" + teacher_.output().string()});
  EXPECT_EQ(result.status, 2);
  expect_contains(result.errors, "this run would move its own teacher away");
  EXPECT_TRUE(std::filesystem::exists(teacher_.file("model.safetensors")));
}

TEST_F(TeacherRunTest, SaysWhichTeacherIsNone) {
  const auto expect_error = [&](const std::string& value, int status, const std::string& message) {
    const ProgramResult result = student_.train({"--set", "training.teacher=" + value});
    EXPECT_EQ(result.status, status) << value;
    expect_contains(result.errors, message);
    EXPECT_FALSE(std::filesystem::exists(student_.file("checkpoint.safetensors")));
  };
  expect_error("nowhere", 3, "nowhere: is not there; train this teacher first");
  expect_error("[nowhere]", 2, "it must be a list of at most 64 paths in quotes");
  expect_error("7", 3, "/7: is not there");
  write_file(student_.folder() / "text", "text");
  expect_error((student_.folder() / "text").string(), 3, "text: ");
  expect_error(student_.folder().string(), 3, "this folder has no model.safetensors");
}

}  // namespace
}  // namespace qmnist::test
