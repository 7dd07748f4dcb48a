#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/image/png.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnvironment = "LC_ALL=C.UTF-8";

/// A trained small run and some of its digits as PNG files.
class PredictTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    run = new SmallRun();  // NOLINT(cppcoreguidelines-owning-memory): until TearDownTestSuite
    ASSERT_EQ(run->train().status, 0);
  }
  static void TearDownTestSuite() {
    delete run;  // NOLINT(cppcoreguidelines-owning-memory)
    run = nullptr;
  }

  void SetUp() override {
    const Dataset dataset = load_dataset({.source = "mnist", .dir = run->data("").parent_path()});
    rows_ = read_predictions(run->file("predictions.csv"));
    for (const PredictionRow& row : rows_) {
      const auto image = dataset.view().image(row.index);
      write_file(pictures_ / (name(row) + ".png"),
                 encode_png({kImageSide, kImageSide, {image.begin(), image.end()}}));
    }
  }

  static std::string name(const PredictionRow& row) { return std::to_string(10000 + row.index); }
  [[nodiscard]] std::string picture(std::size_t row) const {
    return (pictures_ / (name(rows_.at(row)) + ".png")).string();
  }
  [[nodiscard]] std::string folder() const { return pictures_.path().string(); }

  static std::vector<std::string> command(std::vector<std::string> more) {
    more.insert(more.begin(), {"predict", "--model", run->output().string()});
    return qmnist_command(std::move(more));
  }
  static ProgramResult predict(const std::vector<std::string>& more) {
    std::vector<std::string> all = command(more);
    all.insert(all.begin(), {"env", kEnvironment});
    return run_program(all);
  }

  static SmallRun* run;
  TemporaryFolder pictures_;
  std::vector<PredictionRow> rows_;
};
SmallRun* PredictTest::run = nullptr;

TEST_F(PredictTest, TestDigitsGetWhatTheRunPredicted) {
  const ProgramResult result = predict({"--json", folder()});
  expect_success(result);
  std::vector<PredictionRow> rows = rows_;
  std::ranges::sort(rows, {}, [](const PredictionRow& row) { return name(row); });
  const std::vector<Json> answers = parse_json_lines(result.output);
  ASSERT_EQ(answers.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(fs::path(answers[i].at("file").get<std::string>()).stem(), name(rows[i]));
    EXPECT_EQ(answers[i].at("label"), rows[i].prediction);
    EXPECT_EQ(answers[i].at("confidence"), rows[i].confidence) << name(rows[i]);
    EXPECT_EQ(answers[i].at("preprocess"), "notebook");
    double sum = 0;
    for (const Json& probability : answers[i].at("probabilities")) {
      sum += probability.get<double>();
    }
    EXPECT_EQ(answers[i].at("probabilities").size(), 10U);
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_EQ(answers[i].at("probabilities").at(rows[i].prediction), answers[i].at("confidence"));
  }
}

TEST_F(PredictTest, AnEnsembleAnswersWithTheMeanOfItsModels) {
  const SmallRun other(Json{{"training", {{"seed", 1}}}});
  expect_success(other.train({"--quiet"}));
  const auto probability = [&](const std::vector<std::string>& arguments) {
    const Json answer = parse_json_lines(run_qmnist(arguments).output).at(0);
    EXPECT_EQ(answer.at("models"), std::ranges::count(arguments, std::string("--model")));
    return answer.at("probabilities").at(rows_[0].label).get<double>();
  };
  const std::string first = run->output().string();
  const std::string second = other.output().string();
  const double mean = (probability({"predict", "--json", "--model", first, picture(0)}) +
                       probability({"predict", "--json", "--model", second, picture(0)})) /
                      2;
  EXPECT_NEAR(probability({"predict", "--json", "--model", first, "--model", second, picture(0)}),
              mean, 2e-6);  // three roundings to six decimals
  expect_contains(predict({"--model", second, picture(0)}).output, "Ensemble of 2 models");
}

TEST_F(PredictTest, ShowsANamedPictureWithItsProbabilities) {
  const ProgramResult result = predict({picture(0)});
  expect_success(result);
  const std::string digit = std::to_string(rows_[0].prediction);
  EXPECT_TRUE(result.output.starts_with(picture(0) + ": " + digit + " (")) << result.output;
  EXPECT_EQ(std::ranges::count(result.output, '\n'), 15);
  expect_contains(result.output, "█");
  expect_contains(result.output, "━");
  for (std::size_t d = 0; d < 10; ++d) {
    expect_contains(result.output, "    " + std::to_string(d) + "  ");
  }
}

TEST_F(PredictTest, SpeaksAsciiWhereTheEnvironmentDoes) {
  std::vector<std::string> arguments = command({picture(0)});
  arguments.insert(arguments.begin(), {"env", "LC_ALL=C"});
  const ProgramResult result = run_program(arguments);
  expect_success(result);
  EXPECT_TRUE(std::ranges::all_of(result.output, [](char c) {
    return c == '\n' || (c >= ' ' && c <= '~');
  })) << result.output;
  expect_contains(result.output, "@");
  expect_contains(result.output, "====");
}

TEST_F(PredictTest, ColoursOnlyOnATerminalWithoutNoColor) {
  EXPECT_EQ(predict({picture(0)}).output.find('\x1b'), std::string::npos);
  const auto on_terminal = [&](const std::string& setting) {
    std::vector<std::string> arguments = command({picture(0)});
    arguments.insert(arguments.begin(), {"/usr/bin/env", "-u", "NO_COLOR", "TERM=xterm-256color",
                                         kEnvironment, setting});
    return run_on_terminal(arguments).output;
  };
  expect_contains(on_terminal("OTHER=1"), "\x1b[38;5;");
  EXPECT_EQ(on_terminal("NO_COLOR=1").find('\x1b'), std::string::npos);
  EXPECT_EQ(on_terminal("TERM=dumb").find('\x1b'), std::string::npos);
}

TEST_F(PredictTest, AFolderGetsALineForEachPictureRightInIt) {
  write_file(pictures_ / "notes.txt", "no picture");
  write_file(pictures_ / ".hidden.png", "no picture");
  write_file(pictures_ / "within" / "more.png", "no picture");
  write_file(pictures_ / "A_LOUD_NAME.PGM", read_file(image_fixture("colour_45x30.bmp")));
  const ProgramResult result = predict({folder()});
  expect_success(result);
  std::istringstream lines(result.output);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) {
    all.push_back(line);
    EXPECT_EQ(line.size(), all.front().size()) << line;
    EXPECT_TRUE(line.ends_with(" %")) << line;
  }
  EXPECT_EQ(all.size(), rows_.size() + 1);
  EXPECT_TRUE(std::ranges::is_sorted(all));
}

TEST_F(PredictTest, ReadsOnePictureFromStandardInput) {
  std::string shell;
  for (const std::string& word : command({"--json", "-"})) {
    shell += "'" + word + "' ";
  }
  const ProgramResult result = run_program({"sh", "-c", shell + "< '" + picture(0) + "'"});
  expect_success(result);
  EXPECT_EQ(parse_json_lines(result.output).at(0).at("file"), "-");
  EXPECT_EQ(parse_json_lines(result.output).at(0).at("confidence"), rows_[0].confidence);
  expect_error(run_program({"sh", "-c", shell + "< /dev/null"}), 3, {"standard input: is empty"});
}

TEST_F(PredictTest, ABrokenPictureIsOneErrorLineAndTheOthersRun) {
  write_file(pictures_ / "0_empty.png", "");
  write_file(pictures_ / "1_text.jpg", "this is a text");
  write_file(pictures_ / "2_cut.png", read_file(picture(0)).substr(0, 60));
  write_file(pictures_ / "3_huge.pgm", "P5 60000 60000 255\n");
  write_file(pictures_ / "4_blank.pgm", pgm(20, 20, std::vector<std::uint8_t>(400, 255)));
  const ProgramResult result = predict({"--json", folder(), "/no/such.png", picture(0)});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(parse_json_lines(result.output).size(), rows_.size() + 1);
  std::istringstream lines(result.errors);
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with("qmnist_gpu: error: /")) << line;
    all.push_back(line);
  }
  ASSERT_EQ(all.size(), 6U) << result.errors;
  constexpr const char* kExpected[] = {"0_empty.png: is empty; expected",  // NOLINT: six words
                                       "1_text.jpg: unknown format",       //
                                       "2_cut.png: damaged PNG: ends at",  //
                                       "3_huge.pgm: is 60000 x 60000",     //
                                       "4_blank.pgm: no ink found",        //
                                       "/no/such.png: cannot be read: No"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    expect_contains(all[i], kExpected[i]);  // NOLINT: of equal size
  }
}

TEST_F(PredictTest, RefusesWhatItCannotBegin) {
  const TemporaryFolder empty;
  expect_error(predict({empty.path().string()}), 3, {empty.path().string(), "contains no images"});
  expect_error(run_qmnist({"predict", "--model", "/no/such", picture(0)}), 3, {"/no/such"});
  expect_error(run_qmnist({"predict", "--model", empty.path().string(), picture(0)}), 3,
               {"model.safetensors"});
  expect_error(predict({}), 2, {"IMAGE"});
  expect_error(predict({"--preprocess", "keras", picture(0)}), 2,
               {"--preprocess: keras not in {auto,mnist,notebook}"});
  expect_error(predict({picture(0), "--contact-sheet", "/no/such/sheet.png"}), 2,
               {QMNIST_HAS_REPORT_PNG != 0 ? "/no/such/sheet.png: cannot be written"
                                           : "this build draws no PNG charts"});
}

TEST_F(PredictTest, TakesTheBaselineOfTheWorkingFolderIfNoModelIsNamed) {
  const TemporaryFolder folder;
  const auto in_folder = [&](const std::string& arguments) {
    return run_program({"sh", "-c",
                        "cd '" + folder.path().string() + "' && '" + qmnist_command({}).front() +
                            "' predict " + arguments});
  };
  expect_error(in_folder("'" + picture(0) + "'"), 2, {"--model", "runs/baseline", "scripts/train"});
  fs::create_directories(folder / "runs/baseline");
  fs::copy(run->file("model.safetensors"), folder / "runs/baseline/model.safetensors");
  const ProgramResult result = in_folder("--json '" + picture(0) + "'");
  expect_success(result);
  EXPECT_EQ(parse_json_lines(result.output).at(0).at("confidence"), rows_[0].confidence);
}

TEST_F(PredictTest, OptionsChooseTheWay) {
  for (const std::string way : {"notebook", "mnist"}) {
    const ProgramResult result = predict({"--json", "--preprocess", way, picture(0)});
    expect_success(result);
    EXPECT_EQ(parse_json_lines(result.output).at(0).at("preprocess"), way);
  }
}

/// Width and height as a PNG file's header has them.
std::pair<std::size_t, std::size_t> png_size(const std::string& content) {
  const auto number = [&](std::size_t at) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value = value << 8 | static_cast<unsigned char>(content.at(at + i));
    }
    return value;
  };
  return {number(16), number(20)};
}

TEST_F(PredictTest, DrawsAContactSheet) {
  if (QMNIST_HAS_REPORT_PNG == 0) {
    GTEST_SKIP() << "this build draws no PNG charts";
  }
  const std::string sheet = (pictures_ / "sheet.out").string();
  write_file(pictures_ / "<&'\" \xFF\n.pgm", read_file(image_fixture("colour_45x30.bmp")));
  const ProgramResult result = predict({folder(), "--contact-sheet", sheet});
  expect_success(result);
  expect_contains(result.output, "Contact sheet of " + std::to_string(rows_.size() + 1));
  const auto [width, height] = png_size(read_file(sheet));
  EXPECT_GT(width, 16U * 112);
  EXPECT_GT(height, 12U * 112);
  const ProgramResult one = predict({picture(0), "--contact-sheet", sheet});
  expect_success(one);
  EXPECT_LT(png_size(read_file(sheet)).first, 400U);
}

TEST_F(PredictTest, AContactSheetSaysHowManyItLeavesOut) {
  if (QMNIST_HAS_REPORT_PNG == 0) {
    GTEST_SKIP() << "this build draws no PNG charts";
  }
  const std::string sheet = (pictures_ / "sheet.out").string();
  const ProgramResult result = predict({folder(), folder(), folder(), "--contact-sheet", sheet});
  expect_success(result);
  expect_contains(result.output, "the first 400 images");
  const auto [width, height] = png_size(read_file(sheet));
  EXPECT_LT(width * height, 12'000'000U);
}

}  // namespace
}  // namespace qmnist::test
