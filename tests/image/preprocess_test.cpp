#include "host/image/preprocess.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "host/error.h"
#include "host/image/decode.h"
#include "tests/support/image_fixtures.h"

namespace qmnist {
namespace {

ColourImage fixture(const std::string& name) {
  return decode_image(test::bytes_of(test::read_file(test::image_fixture(name))), name);
}

std::string hexadecimal(const PreprocessedImage& digit) {
  std::string text;
  for (const std::uint8_t level : digit.pixels) {
    text += fmt::format("{:02x}", level);
  }
  return text;
}

/// A grey picture of these levels, opaque.
ColourImage picture(std::size_t width, std::size_t height,
                    const std::function<double(double x, double y)>& level) {
  ColourImage image{.width = width, .height = height, .pixels = {}};
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const auto grey = static_cast<std::uint8_t>(
          std::clamp(level(static_cast<double>(x), static_cast<double>(y)), 0.0, 255.0));
      image.pixels.insert(image.pixels.end(), {grey, grey, grey, 255});
    }
  }
  return image;
}

/// How full of ink a pixel of an upright bar of 40 x 160 at (60, 20) is.
double bar(double x, double y) {
  return x >= 60 && x < 100 && y >= 20 && y < 180 ? 1 : 0;
}

/// What the bar becomes: 5 x 20 in the middle. The centre of mass of 5 columns from `left` on is at
/// left + 2.5, so they begin at 12; the rows begin at 4 or 5, between which 4.5 is.
void expect_bar(const ColourImage& image) {
  const PreprocessedImage digit = preprocess(image, Preprocess::kMnist, "bar");
  const std::size_t top = digit.pixels.at(4 * kImageSide + 14) > 0 ? 4 : 5;
  for (std::size_t y = 0; y < kImageSide; ++y) {
    for (std::size_t x = 0; x < kImageSide; ++x) {
      const bool is_ink = x >= 12 && x < 17 && y >= top && y < top + 20;
      const bool is_edge = x == 12 || x == 16 || y == top || y == top + 19;
      const int level = digit.pixels.at(y * kImageSide + x);
      if (!is_ink) {
        EXPECT_EQ(level, 0) << x << " " << y;
      } else {
        EXPECT_GE(level, is_edge ? 120 : 225) << x << " " << y;
      }
    }
  }
}

TEST(PreprocessTest, NotebookGivesWhatOpenCvGives) {
  for (const auto& expected : test::image_vectors()) {
    const std::string name = expected.at("file");
    EXPECT_EQ(hexadecimal(preprocess(fixture(name), Preprocess::kNotebook, name)),
              expected.at("notebook").get<std::string>())
        << name;
  }
}

TEST(PreprocessTest, NotebookInvertsAboveAMeanOf128) {
  const auto level_of = [](int bright) {
    const ColourImage image =
        picture(28, 28, [&](double x, double /*y*/) { return x < 14 ? 0 : bright; });
    return preprocess(image, Preprocess::kNotebook, "two halves").pixels.front();
  };
  EXPECT_EQ(level_of(255), 0);  // a mean of 127.5
  const ColourImage at_128 =
      picture(28, 28, [](double x, double /*y*/) { return x < 14 ? 56 : 200; });
  EXPECT_EQ(preprocess(at_128, Preprocess::kNotebook, "128").pixels.front(), 56);
  const ColourImage above = picture(28, 28, [](double x, double y) {
    return x + y == 0 ? 57 : x < 14 ? 56 : 200;
  });
  EXPECT_EQ(preprocess(above, Preprocess::kNotebook, "above").pixels.front(), 255 - 57);
}

/// A bright or dark bar of 5 x `height` in 28 x 28, from (left, top) on.
ColourImage small_bar(std::size_t left, std::size_t top, std::size_t height, bool is_dark = false) {
  return picture(28, 28, [=](double x, double y) {
    const bool is_ink = x >= static_cast<double>(left) && x < static_cast<double>(left + 5) &&
                        y >= static_cast<double>(top) && y < static_cast<double>(top + height);
    return is_ink != is_dark ? 255 : 0;
  });
}

TEST(PreprocessTest, AutoTakesWhatLooksLikeMnistAsItIs) {
  for (const ColourImage& image :
       {small_bar(12, 4, 20), small_bar(12, 5, 20), small_bar(12, 4, 20, true)}) {
    const PreprocessedImage digit = preprocess(image, Preprocess::kAuto, "bar");
    EXPECT_EQ(digit.method, Preprocess::kNotebook);
    EXPECT_EQ(digit.pixels, preprocess(image, Preprocess::kNotebook, "bar").pixels);
  }
}

TEST(PreprocessTest, AutoNormalizesInkOfAnotherSizeOrPlace) {
  ColourImage transparent = small_bar(12, 4, 20);
  transparent.pixels[3] = 0;
  for (const ColourImage& image :
       {small_bar(14, 4, 20), small_bar(12, 2, 20), small_bar(12, 8, 12), small_bar(12, 0, 28),
        small_bar(0, 0, 20), small_bar(23, 8, 20, true), transparent, fixture("bright_28x28.png"),
        fixture("large_640x480.png")}) {
    const PreprocessedImage digit = preprocess(image, Preprocess::kAuto, "image");
    EXPECT_EQ(digit.method, Preprocess::kMnist);
    EXPECT_EQ(digit.pixels, preprocess(image, Preprocess::kMnist, "image").pixels);
  }
}

TEST(PreprocessTest, MnistFindsDarkAndBrightInk) {
  expect_bar(picture(300, 220, [](double x, double y) { return 230 - 200 * bar(x, y); }));
  expect_bar(picture(300, 220, [](double x, double y) { return 20 + 200 * bar(x, y); }));
  expect_bar(picture(300, 220, [](double x, double y) { return 120 - 40 * bar(x, y); }));
}

TEST(PreprocessTest, MnistForgivesUnevenLightNoiseAndSpecks) {
  std::mt19937 generator(3);
  std::normal_distribution<double> noise(0, 8);
  expect_bar(picture(300, 220, [&](double x, double y) {
    const double light = 120 + 0.3 * x + 0.15 * y;
    const bool is_speck = x >= 200 && x < 204 && y >= 30 && y < 34;
    return light * (1 - 0.7 * std::max(bar(x, y), is_speck ? 1.0 : 0.0)) + noise(generator);
  }));
}

TEST(PreprocessTest, MnistForgivesLightThatIsStrongerThanTheInk) {
  std::mt19937 generator(3);
  std::normal_distribution<double> noise(0, 18);
  expect_bar(picture(480, 400, [&](double x, double y) {
    const double across = x / 240 - 1;
    const double down = y / 200 - 1;
    const double light = 190 + 60 * across - 40 * down - 30 * (across * across + down * down);
    return light * (1 - 0.6 * bar(x, y)) + noise(generator);
  }));
}

TEST(PreprocessTest, MnistShrinksAPhotographOfManyPixels) {
  expect_bar(picture(1500, 1100, [](double x, double y) {
    return 230 - 200 * bar(std::floor(x / 5), std::floor(y / 5));
  }));
}

TEST(PreprocessTest, MnistTakesClearGroundForPaperUnlessTheInkIsWhite) {
  for (const double ink : {0.0, 255.0}) {
    ColourImage image = picture(300, 220, [&](double /*x*/, double /*y*/) { return ink; });
    for (std::size_t i = 0; i < image.pixels.size() / 4; ++i) {
      const std::size_t row = i / 300;
      image.pixels[4 * i + 3] =
          bar(static_cast<double>(i % 300), static_cast<double>(row)) > 0 ? 255 : 0;
    }
    expect_bar(image);
  }
}

TEST(PreprocessTest, APictureWithoutInkIsAnError) {
  std::mt19937 generator(5);
  std::normal_distribution<double> noise(0, 10);
  const auto expect_refusal = [](const ColourImage& image, Preprocess method) {
    try {
      (void)preprocess(image, method, "blank.png");
      ADD_FAILURE() << "a digit was found";
    } catch (const DataError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("blank.png: no ink found"));
    }
  };
  const auto flat = [](double /*x*/, double /*y*/) { return 255; };
  expect_refusal(picture(28, 28, flat), Preprocess::kAuto);
  expect_refusal(picture(1, 1, flat), Preprocess::kMnist);
  expect_refusal(picture(200, 100, flat), Preprocess::kNotebook);
  expect_refusal(picture(200, 100, flat), Preprocess::kMnist);
  expect_refusal(picture(200, 100, [](double x, double y) { return (x + y) / 2; }),
                 Preprocess::kMnist);
  for (int i = 0; i < 10; ++i) {
    expect_refusal(
        picture(300, 200, [&](double x, double /*y*/) { return 128 + 0.2 * x + noise(generator); }),
        Preprocess::kMnist);
  }
}

TEST(PreprocessTest, PicturesOfFewPixelsAreNoDefect) {
  for (std::size_t width = 1; width <= 6; ++width) {
    for (std::size_t height = 1; height <= 6; ++height) {
      const ColourImage image = picture(
          width, height, [](double x, double y) { return std::fmod(x * 7 + y * 3, 5) * 60; });
      for (const Preprocess method : {Preprocess::kNotebook, Preprocess::kMnist}) {
        try {
          (void)preprocess(image, method, "small");
        } catch (const DataError&) {
        }
      }
    }
  }
}

}  // namespace
}  // namespace qmnist
