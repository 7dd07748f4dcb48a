#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/image/png.h"
#include "host/image/scale.h"
#include "tests/image_fixtures.h"
#include "tests/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargeSide = 8 * kImageSide;

/// The baseline's network after three of its epochs.
class PredictAccuracyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    run = new TemporaryFolder();  // NOLINT(cppcoreguidelines-owning-memory): until the end
    const ProgramResult result =
        run_qmnist({"--config", source_dir() / "configs/baseline.json", "--set",
                    "output.dir=" + run->path().string(), "--set", "data.source=mnist", "--set",
                    "training.epochs=3", "--device", "cpu", "--quiet"});
    ASSERT_EQ(result.status, 0) << result.errors;
  }
  static void TearDownTestSuite() {
    delete run;  // NOLINT(cppcoreguidelines-owning-memory)
    run = nullptr;
  }

  [[nodiscard]] static std::vector<Json> predict(const fs::path& folder) {
    const ProgramResult result =
        run_qmnist({"predict", "--json", "--model", run->path().string(), folder.string()});
    expect_success(result);
    return parse_json_lines(result.output);
  }

  static TemporaryFolder* run;
  Dataset dataset_ = load_dataset(source_dir() / "data", DataSource::kMnist);
  std::vector<PredictionRow> rows_ = read_predictions(*run / "predictions.csv");
  TemporaryFolder pictures_;
};
TemporaryFolder* PredictAccuracyTest::run = nullptr;

TEST_F(PredictAccuracyTest, AllTestDigitsGetWhatTheRunPredicted) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto image = dataset_.view().image(rows_[i].index);
    write_file(pictures_ / fmt::format("{:05}.png", i),
               encode_png({kImageSide, kImageSide, {image.begin(), image.end()}}));
  }
  const std::vector<Json> answers = predict(pictures_.path());
  ASSERT_EQ(answers.size(), rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    ASSERT_EQ(answers[i].at("digit"), rows_[i].prediction) << i;
    ASSERT_EQ(answers[i].at("confidence"), rows_[i].confidence) << i;
  }
}

/// A digit in dark ink, eight times as large, somewhere on a sheet of paper that is lit from one
/// side, photographed with noise.
std::string photograph(std::span<const std::uint8_t> digit, std::mt19937& generator) {
  constexpr std::size_t kWidth = 320;
  constexpr std::size_t kHeight = 280;
  constexpr double kInk = 0.75;
  constexpr double kGradient = 60;  // grey levels from one edge to the other
  std::normal_distribution<double> noise(0, 8);
  const Plane large = scaled(GreyImage{kImageSide, kImageSide, {digit.begin(), digit.end()}},
                             kLargeSide, kLargeSide);
  const std::size_t left = generator() % (kWidth - kLargeSide);
  const std::size_t top = generator() % (kHeight - kLargeSide);
  std::vector<std::uint8_t> pixels;
  for (std::size_t y = 0; y < kHeight; ++y) {
    for (std::size_t x = 0; x < kWidth; ++x) {
      const bool is_inside = x >= left && x < left + kLargeSide && y >= top && y < top + kLargeSide;
      const double ink =
          is_inside ? static_cast<double>(large.levels[(y - top) * kLargeSide + x - left]) / 255
                    : 0;
      const double light = 170 + kGradient * static_cast<double>(x) / kWidth;
      const double level = light * (1 - kInk * ink) + noise(generator);
      pixels.push_back(static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0)));
    }
  }
  return pgm(kWidth, kHeight, pixels);
}

TEST_F(PredictAccuracyTest, PhotographsOfDigitsAreReadNearlyAsWellAsTheDigits) {
  constexpr std::size_t kCount = 400;
  std::mt19937 generator(11);
  std::size_t correct_digits = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    write_file(pictures_ / fmt::format("{:05}.pgm", i),
               photograph(dataset_.view().image(rows_[i].index), generator));
    correct_digits += rows_[i].prediction == rows_[i].label ? 1 : 0;
  }
  const std::vector<Json> answers = predict(pictures_.path());
  ASSERT_EQ(answers.size(), kCount);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(answers[i].at("preprocess"), "mnist");
    correct += answers[i].at("digit") == rows_[i].label ? 1 : 0;
  }
  // Measured: 387 photographs and 390 digits.
  EXPECT_GE(correct + 7, correct_digits);
}

}  // namespace
}  // namespace qmnist::test
