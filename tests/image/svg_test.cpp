#include "host/image/svg.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/error.h"
#include "tests/support/decode_png.h"

namespace qmnist {
namespace {

using test::Rgb;

TEST(SvgTest, DrawsInTheDocumentsOwnSize) {
  const test::Picture picture =
      test::decode_png(svg_to_png(R"(<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">
                    <style>.sea{fill:#0000ff}</style>
                    <rect width="100%" height="100%" fill="#ffffff"/>
                    <rect width="8" height="10" fill="#ff0000"/>
                    <rect class="sea" x="12" width="8" height="5"/></svg>)"));
  EXPECT_EQ(picture.width, 20U);
  EXPECT_EQ(picture.height, 10U);
  EXPECT_EQ(picture.at(0, 0), (Rgb{255, 0, 0}));
  EXPECT_EQ(picture.at(7, 9), (Rgb{255, 0, 0}));
  EXPECT_EQ(picture.at(10, 5), (Rgb{255, 255, 255}));
  EXPECT_EQ(picture.at(12, 4), (Rgb{0, 0, 255}));
  EXPECT_EQ(picture.at(19, 6), (Rgb{255, 255, 255}));
}

TEST(SvgTest, AViewBoxIsScaledToTheSize) {
  const test::Picture picture = test::decode_png(svg_to_png(
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" viewBox="0 0 4 4">
         <rect x="2" y="2" width="2" height="2" fill="#00ff00"/></svg>)"));
  EXPECT_EQ(picture.at(20, 20), (Rgb{0, 255, 0}));
  EXPECT_EQ(picture.at(39, 39), (Rgb{0, 255, 0}));
  EXPECT_EQ(picture.at(19, 20), (Rgb{0, 0, 0}));
}

TEST(SvgTest, DrawsText) {
  const test::Picture picture =
      test::decode_png(svg_to_png(R"(<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40">
                    <text x="10" y="30" font-size="30" fill="#ffffff">8</text></svg>)"));
  const auto inked = std::ranges::count(picture.pixels, Rgb{255, 255, 255});
  EXPECT_GT(inked, 20);
  EXPECT_LT(inked, 600);
}

TEST(SvgTest, WhatIsNoDrawingThrows) {
  EXPECT_THROW((void)svg_to_png(""), UsageError);
  EXPECT_THROW((void)svg_to_png("<svg"), UsageError);
  EXPECT_THROW((void)svg_to_png("<html></html>"), UsageError);
}

}  // namespace
}  // namespace qmnist
