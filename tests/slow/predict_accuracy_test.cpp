#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/ensemble.h"
#include "host/image/png.h"
#include "host/image/preprocess.h"
#include "host/image/scale.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// The baseline's network.
class PredictAccuracyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    run = new TemporaryFolder();  // NOLINT(cppcoreguidelines-owning-memory): until the end
    const ProgramResult result = run_qmnist({"--config", source_dir() / "configs/baseline.json",
                                             "--set", "output.dir=" + run->path().string(), "--set",
                                             "data.source=mnist", "--device", "cpu", "--quiet"});
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
  Dataset dataset_ = load_dataset({.source = "mnist", .dir = source_dir() / "data"});
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
    ASSERT_EQ(answers[i].at("label"), rows_[i].prediction) << i;
    ASSERT_EQ(answers[i].at("confidence"), rows_[i].confidence) << i;
  }
}

using Random = std::mt19937;

GreyImage grey(std::span<const std::uint8_t> sample) {
  return {kImageSide, kImageSide, {sample.begin(), sample.end()}};
}

GreyImage resized(const GreyImage& image, std::size_t side) {
  GreyImage result{.width = side, .height = side, .pixels = {}};
  for (const float level : scaled(image, side, side).levels) {
    result.pixels.push_back(static_cast<std::uint8_t>(std::lround(level)));
  }
  return result;
}

/// A part of an image from (left, top) on, which may reach beyond it, where it is black.
GreyImage part(const GreyImage& image, std::ptrdiff_t left, std::ptrdiff_t top, std::size_t side) {
  GreyImage result{.width = side, .height = side, .pixels = {}};
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      const auto from_x = static_cast<std::size_t>(left + static_cast<std::ptrdiff_t>(x));
      const auto from_y = static_cast<std::size_t>(top + static_cast<std::ptrdiff_t>(y));
      const bool is_inside = from_x < image.width && from_y < image.height;
      result.pixels.push_back(is_inside ? image.pixels[from_y * image.width + from_x] : 0);
    }
  }
  return result;
}

/// The ink's bounding box in the middle of a square that it fills in one direction.
GreyImage cut_out(const GreyImage& image) {
  std::size_t left = kImageSide;
  std::size_t top = kImageSide;
  std::size_t right = 0;
  std::size_t bottom = 0;
  for (std::size_t i = 0; i < kPixels; ++i) {
    if (image.pixels[i] > 0) {
      left = std::min(left, i % kImageSide);
      right = std::max(right, i % kImageSide + 1);
      top = std::min(top, i / kImageSide);
      bottom = std::max(bottom, i / kImageSide + 1);
    }
  }
  const std::size_t side = std::max(right - left, bottom - top);
  return part(
      image,
      static_cast<std::ptrdiff_t>(left) - static_cast<std::ptrdiff_t>((side - (right - left)) / 2),
      static_cast<std::ptrdiff_t>(top) - static_cast<std::ptrdiff_t>((side - (bottom - top)) / 2),
      side);
}

/// Moved by up to four pixels in each direction; what leaves the image is lost.
GreyImage moved(const GreyImage& image, Random& random) {
  const auto offset = [&] { return static_cast<std::ptrdiff_t>(random() % 9) - 4; };
  const std::ptrdiff_t left = offset();
  return part(image, left, offset(), kImageSide);
}

GreyImage inverted(GreyImage image) {
  for (std::uint8_t& level : image.pixels) {
    level = static_cast<std::uint8_t>(255 - level);
  }
  return image;
}

/// Dark ink, `side` pixels high with its margins, somewhere on a sheet of paper that is lit from
/// one side, photographed with noise.
struct Photograph {
  std::size_t width;
  std::size_t height;
  std::size_t side;
  double gradient;  ///< grey levels from one edge to the other
  double noise;     ///< standard deviation

  GreyImage operator()(const GreyImage& image, Random& random) const {
    constexpr double kInk = 0.7;
    std::normal_distribution<double> deviation(0, noise);
    const GreyImage large = resized(image, side);
    const std::size_t left = random() % (width - side + 1);
    const std::size_t top = random() % (height - side + 1);
    GreyImage photograph{.width = width, .height = height, .pixels = {}};
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t x = 0; x < width; ++x) {
        const bool is_inside = x - left < side && y - top < side;
        const double ink = is_inside ? large.pixels[(y - top) * side + x - left] / 255.0 : 0;
        const double light =
            170 + gradient * (static_cast<double>(x) / static_cast<double>(width) - 0.5);
        const double level = light * (1 - kInk * ink) + deviation(random);
        photograph.pixels.push_back(static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0)));
      }
    }
    return photograph;
  }
};

/// What somebody might do with an MNIST sample before predict sees it.
struct Variant {
  const char* name;
  std::size_t least_correct;  ///< of 1,000
  std::function<GreyImage(const GreyImage&, Random&)> make;
};

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all{
      {"as it is", 980, [](const GreyImage& image, Random&) { return image; }},
      {"inverted", 980, [](const GreyImage& image, Random&) { return inverted(image); }},
      {"moved", 980, moved},
      {"moved and inverted", 980,
       [](const GreyImage& image, Random& random) { return inverted(moved(image, random)); }},
      {"fills 28 x 28", 980,
       [](const GreyImage& image, Random&) { return resized(cut_out(image), 28); }},
      {"fills 28 x 28, inverted", 980,
       [](const GreyImage& image, Random&) { return inverted(resized(cut_out(image), 28)); }},
      {"fills 200 x 200", 980,
       [](const GreyImage& image, Random&) { return resized(cut_out(image), 200); }},
      {"photograph", 980, Photograph{160, 140, 112, 60, 8}},
      {"noisy photograph", 980, Photograph{320, 280, 224, 60, 18}},
      {"unevenly lit photograph", 980, Photograph{160, 140, 112, 160, 6}},
      {"photograph with wide margins", 980, Photograph{640, 480, 140, 60, 8}}};
  return all;
}

/// The classes of images, of which none may be refused.
std::vector<std::size_t> classify(Ensemble& model, const std::vector<GreyImage>& images) {
  std::vector<std::uint8_t> pixels;
  for (const GreyImage& image : images) {
    ColourImage colour{.width = image.width, .height = image.height, .pixels = {}};
    for (const std::uint8_t level : image.pixels) {
      colour.pixels.insert(colour.pixels.end(), {level, level, level, 255});
    }
    const PreprocessedImage input = preprocess(colour, Preprocess::kAuto, "image");
    pixels.insert(pixels.end(), input.pixels.begin(), input.pixels.end());
  }
  const std::vector<std::uint8_t> no_labels(images.size());
  std::vector<std::uint32_t> all(images.size());
  std::iota(all.begin(), all.end(), 0U);
  const std::vector<float> probabilities =
      model.predict({.pixels = pixels, .labels = no_labels}, all);
  std::vector<std::size_t> classes;
  for (auto row = probabilities.begin(); row != probabilities.end(); row += kDigitCount) {
    classes.push_back(static_cast<std::size_t>(std::max_element(row, row + kDigitCount) - row));
  }
  return classes;
}

TEST_F(PredictAccuracyTest, AutoNormalizesWhateverTheImageLooksLike) {
  constexpr std::size_t kFirst = 60'000;  // of MNIST's test file
  constexpr std::size_t kCount = 1'000;
  const std::vector<fs::path> files{run->path()};
  const std::vector<Model> models = read_models(files);
  Ensemble model(models, "cpu");
  for (const Variant& variant : variants()) {
    Random random(11);
    std::vector<GreyImage> images;
    for (std::size_t i = 0; i < kCount; ++i) {
      images.push_back(variant.make(grey(dataset_.view().image(kFirst + i)), random));
    }
    const std::vector<std::size_t> classes = classify(model, images);
    std::size_t correct = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      correct += classes[i] == dataset_.labels[kFirst + i] ? 1 : 0;
    }
    fmt::print("{}: {} of {} correct\n", variant.name, correct, kCount);
    EXPECT_GE(correct, variant.least_correct) << variant.name;
  }
}

TEST_F(PredictAccuracyTest, PredictReadsPhotographsFromFiles) {
  constexpr std::size_t kCount = 100;
  Random random(11);
  std::size_t correct_samples = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const GreyImage photograph =
        Photograph{320, 280, 224, 60, 8}(grey(dataset_.view().image(rows_[i].index)), random);
    write_file(pictures_ / fmt::format("{:05}.pgm", i),
               pgm(photograph.width, photograph.height, photograph.pixels));
    correct_samples += rows_[i].prediction == rows_[i].label ? 1 : 0;
  }
  const std::vector<Json> answers = predict(pictures_.path());
  ASSERT_EQ(answers.size(), kCount);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(answers[i].at("preprocess"), "mnist");
    correct += answers[i].at("label") == rows_[i].label ? 1 : 0;
  }
  EXPECT_GE(correct + 3, correct_samples);
}

}  // namespace
}  // namespace qmnist::test
