// Runs on files of one's own, which the config names and which are in another form than MNIST's.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/small_run.h"
#include "tests/support/support.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

/// An IDX file of images with x and y exchanged.
std::string with_exchanged_axes(std::string file) {
  constexpr std::size_t kHeader = 16;
  constexpr std::size_t kSide = 28;
  for (std::size_t image = kHeader; image < file.size(); image += kSide * kSide) {
    for (std::size_t row = 0; row < kSide; ++row) {
      for (std::size_t column = 0; column < row; ++column) {
        std::swap(file[image + row * kSide + column], file[image + column * kSide + row]);
      }
    }
  }
  return file;
}

/// An IDX file of labels that are all 1 more.
std::string with_later_labels(std::string file) {
  constexpr std::ptrdiff_t kHeader = 8;
  std::for_each(file.begin() + kHeader, file.end(), [](char& label) { ++label; });
  return file;
}

const std::vector<std::string> kOfficial{"--set", "data.split=official"};

/// A run on the digits of a small run, in files of other names and in another form.
class NamedFilesRunTest : public testing::Test {
 protected:
  void SetUp() override {
    write("train-images-idx3-ubyte", "pictures", with_exchanged_axes);
    write("train-labels-idx1-ubyte", "numbers", with_later_labels);
    write("t10k-images-idx3-ubyte", "pictures2", with_exchanged_axes);
    write("t10k-labels-idx1-ubyte", "numbers2", with_later_labels);
  }
  void write(const char* from, const char* to, std::string (*change)(std::string)) const {
    write_file(folder_ / to, change(read_file(run_.data(from))));
  }
  /// Trains on the named files, with more arguments.
  [[nodiscard]] ProgramResult train(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = kOfficial;
    for (const std::string& setting :
         {"data.source=auto"s, "data.dir=" + folder_.path().string(), "data.images=pictures"s,
          "data.labels=numbers"s, "data.test_images=pictures2"s, "data.test_labels=numbers2"s,
          "data.transpose=true"s, "data.first_label=1"s, "output.dir=" + output().string()}) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_.train(arguments);
  }
  [[nodiscard]] fs::path output() const { return folder_ / "run"; }

  SmallRun run_;
  TemporaryFolder folder_;
};

TEST_F(NamedFilesRunTest, LearnWhatTheFolderOfTheSameDigitsTeaches) {
  expect_success(run_.train(kOfficial));
  const ProgramResult result = train();
  expect_success(result);
  expect_contains(result.output, "data      IDX files, 10 classes, 1,000 images");
  expect_same_result(output(), run_.output());

  const ProgramResult compared = run_qmnist({"compare", run_.output(), output()});
  expect_success(compared);
  for (const char* key : {"data.images", "data.first_label", "do not differ significantly"}) {
    expect_contains(compared.output, key);
  }
  expect_error(run_qmnist({"evaluate", "--model", run_.output(), output()}), 2,
               {"its data.transpose is true, that of ", " is false"});
}

TEST_F(NamedFilesRunTest, AreRepeatedAndEvaluatedFromTheWrittenConfig) {
  expect_success(train());
  const Json data = read_json(output() / "config.json").at("data");
  EXPECT_EQ(data.at("source"), "auto");
  EXPECT_EQ(data.at("dir"), folder_.path().string());
  EXPECT_EQ(data.at("images"), "pictures");
  EXPECT_EQ(data.at("test_labels"), "numbers2");
  EXPECT_EQ(data.at("transpose"), true);
  EXPECT_EQ(data.at("first_label"), 1);
  const fs::path again = folder_ / "again";
  expect_success(run_qmnist(
      {"--config", (output() / "config.json").string(), "--set", "output.dir=" + again.string()}));
  expect_same_result(again, output());

  const ProgramResult evaluated =
      run_qmnist({"evaluate", "--model", output(), "--device", "cpu", "--json"});
  expect_success(evaluated);
  EXPECT_EQ(Json::parse(evaluated.output).at("accuracy"),
            read_json(output() / "summary.json").at("test_accuracy"));
  const ProgramResult ensemble =
      run_qmnist({"evaluate", "--model", output(), again, "--device", "cpu", "--json"});
  expect_success(ensemble);
  EXPECT_EQ(Json::parse(ensemble.output).at("models"), 2);
}

TEST_F(NamedFilesRunTest, ResumeOnTheSameData) {
  expect_success(train());
  const fs::path whole = folder_ / "whole";
  fs::rename(output(), whole);
  expect_success(train({"--set", "training.epochs=2"}));
  expect_error(train({"--resume", "--set", "data.transpose=false"}), 2,
               {"data.transpose was true when this run started and is false now"});
  expect_error(train({"--resume", "--set", "data.test_images=pictures", "--set",
                      "data.test_labels=numbers"}),
               3, {"this run was trained on other data files"});
  fs::rename(folder_ / "pictures2", folder_ / "renamed");
  expect_success(train({"--resume", "--set", "data.test_images=renamed"}));
  expect_same_result(output(), whole);
}

}  // namespace
}  // namespace qmnist::test
