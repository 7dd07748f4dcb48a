#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

/// Two trained small runs, and the first one's test images as a CSV file.
class SubmissionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    run = std::make_unique<SmallRun>();
    expect_success(run->train({"--quiet"}));
    other = std::make_unique<SmallRun>(Json{{"training", {{"seed", 1}}}});
    expect_success(other->train({"--quiet"}));
  }
  static void TearDownTestSuite() {
    run.reset();
    other.reset();
  }

  void SetUp() override {
    rows_ = read_predictions(run->file("predictions.csv"));
    write_file(csv_, csv(false));
  }

  /// With or without the labels, and column names.
  [[nodiscard]] std::string csv(bool has_labels) const {
    const Dataset dataset = load_dataset({.source = "mnist", .dir = run->data("").parent_path()});
    std::string text = has_labels ? "label" : "";
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      text += fmt::format("{}pixel{}", text.empty() ? "" : ",", pixel);
    }
    for (const PredictionRow& row : rows_) {
      text += has_labels ? fmt::format("\n{}", row.label) : "";
      char separator = has_labels ? ',' : '\n';
      for (const std::uint8_t level : dataset.view().image(row.index)) {
        text += fmt::format("{}{}", separator, level);
        separator = ',';
      }
    }
    return text + "\n";
  }

  [[nodiscard]] ProgramResult predict(const std::vector<std::filesystem::path>& models) const {
    std::vector<std::string> arguments{"predict", "--csv", csv_, "--submission", submission_};
    for (const std::filesystem::path& model : models) {
      arguments.insert(arguments.end(), {"--model", model});
    }
    return run_qmnist(arguments);
  }

  /// What it should be with these classes.
  [[nodiscard]] static std::string text_of(const std::vector<std::size_t>& classes) {
    std::string text = "ImageId,Label\n";
    for (std::size_t i = 0; i < classes.size(); ++i) {
      text += fmt::format("{},{}\n", i + 1, classes[i]);
    }
    return text;
  }

  inline static std::unique_ptr<SmallRun> run;
  inline static std::unique_ptr<SmallRun> other;
  TemporaryFolder folder_;
  std::filesystem::path csv_ = folder_ / "test.csv";
  std::filesystem::path submission_ = folder_ / "submission.csv";
  std::vector<PredictionRow> rows_;
};

TEST_F(SubmissionTest, HasWhatTheRunPredicted) {
  const ProgramResult result = predict({run->output()});
  expect_success(result);
  EXPECT_EQ(result.output, fmt::format("200 predictions: {} (submit it to "
                                       "https://www.kaggle.com/c/digit-recognizer)\n",
                                       submission_.string()));
  std::vector<std::size_t> classes;
  for (const PredictionRow& row : rows_) {
    classes.push_back(row.prediction);
  }
  EXPECT_EQ(read_file(submission_), text_of(classes));
  EXPECT_EQ(read_folder(folder_.path()).size(), 2U);
}

/// Confusion matrix of a submission.
Json confusion_of(const std::string& submission, const std::vector<PredictionRow>& rows) {
  std::vector confusion(10, std::vector<std::size_t>(10));
  std::size_t at = submission.find('\n') + 1;
  for (const PredictionRow& row : rows) {
    at = submission.find(',', at) + 1;
    ++confusion.at(row.label).at(std::stoul(submission.substr(at)));
  }
  return confusion;
}

TEST_F(SubmissionTest, AnEnsembleAnswersAsEvaluateScoresIt) {
  std::vector<std::string> submissions;
  const std::vector<std::vector<std::filesystem::path>> choices{
      {run->output()}, {other->output()}, {run->output(), other->output()}};
  for (const auto& models : choices) {
    expect_success(predict(models));
    submissions.push_back(read_file(submission_));
  }
  EXPECT_NE(submissions[2], submissions[0]);
  EXPECT_NE(submissions[2], submissions[1]);
  const std::filesystem::path labelled = folder_ / "labelled.csv";
  write_file(labelled, csv(true));
  const ProgramResult evaluated = run_qmnist(
      {"evaluate", "--json", "--data", labelled, "--model", run->output(), other->output()});
  expect_success(evaluated);
  EXPECT_EQ(Json::parse(evaluated.output).at("confusion"), confusion_of(submissions[2], rows_));
}

TEST_F(SubmissionTest, SaysWhatIsWrong) {
  expect_success(predict({run->output()}));
  const std::string before = read_file(submission_);
  write_file(csv_, csv(true));
  expect_error(predict({run->output()}), 3,
               {csv_.string() + ": line 1: has 785 columns; expected 784 pixels without a label"});
  write_file(csv_, csv(false) + "1,2,3\n");
  expect_error(predict({run->output()}), 3, {csv_.string() + ": line 202: has 3 columns"});
  std::filesystem::remove(csv_);
  expect_error(predict({run->output()}), 3, {csv_.string() + ": cannot be read"});
  EXPECT_EQ(read_file(submission_), before);
  write_file(csv_, csv(false));
  submission_ = folder_ / "missing/submission.csv";
  expect_error(predict({run->output()}), 2, {submission_.string() + ": cannot be written"});
  EXPECT_EQ(read_folder(folder_.path()).size(), 2U);
}

TEST_F(SubmissionTest, TakesBothOptionsAndNoneOfThoseForImages) {
  const auto expect_usage_error_of = [](std::vector<std::string> arguments,
                                        std::string_view message) {
    arguments.insert(arguments.begin(), "predict");
    expect_error(run_qmnist(arguments), 2, {message});
  };
  expect_usage_error_of({"--csv", csv_},
                        "--submission is missing; expected --csv test.csv --submission "
                        "submission.csv");
  expect_usage_error_of({"--submission", submission_}, "--csv is missing; expected --csv");
  expect_usage_error_of({"image.png", "--submission", submission_}, "--csv is missing");
  expect_usage_error_of({}, "IMAGE is missing");
  const std::vector<std::vector<std::string>> for_images{
      {"--json"}, {"--contact-sheet", "sheet.png"}, {"--preprocess", "mnist"}};
  for (std::vector<std::string> arguments : for_images) {
    const std::string option = arguments.front();
    arguments.insert(arguments.end(), {"--csv", csv_, "--submission", submission_});
    expect_usage_error_of(arguments, option +
                                         " does not go with --csv; expected only "
                                         "--submission and --model");
  }
  expect_usage_error_of({"image.png", "--csv", csv_, "--submission", submission_},
                        "IMAGE does not go with --csv");
  expect_error(run_qmnist({"predict", "--csv", "", "--submission", ""}), 2, {"--model is missing"});
}

}  // namespace
}  // namespace qmnist::test
