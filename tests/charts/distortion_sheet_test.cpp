#include "host/charts/distortion_sheet.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace qmnist {
namespace {

constexpr std::size_t kEnlarged = 3;

/// A picture on the sheet, shrunk to what it was made from.
std::vector<std::uint8_t> sheet_picture(const GreyImage& sheet, std::size_t row,
                                        std::size_t column) {
  const std::size_t cell = sheet.width / 10;
  std::vector<std::uint8_t> pixels;
  for (std::size_t y = 0; y < kImageSide; ++y) {
    for (std::size_t x = 0; x < kImageSide; ++x) {
      const std::size_t at_y = row * cell + kEnlarged * y;
      const std::size_t at_x = column * cell + kEnlarged * x;
      pixels.push_back(static_cast<std::uint8_t>(255 - sheet.pixels[at_y * sheet.width + at_x]));
    }
  }
  return pixels;
}

TEST(DistortionSheetTest, ShowsEachDigitAndNineDistortionsOfIt) {
  std::vector<std::uint8_t> pixels(2 * kPixels);
  for (std::size_t i = 0; i < kPixels; ++i) {
    pixels[i] = static_cast<std::uint8_t>(i % 251);
    pixels[kPixels + i] = static_cast<std::uint8_t>(i * i % 253);
  }
  const std::array<std::uint8_t, 2> labels{7, 2};
  const GreyImage sheet =
      distortion_sheet({pixels, labels, kPixels}, Augmentation({.rotation = 10}, 0));
  EXPECT_EQ(sheet.pixels.size(), sheet.width * sheet.height);
  EXPECT_EQ(sheet.height, 2 * sheet.width / 10);  // of two digits
  EXPECT_TRUE(std::ranges::equal(sheet_picture(sheet, 0, 0), std::span(pixels).subspan(kPixels)));
  EXPECT_TRUE(std::ranges::equal(sheet_picture(sheet, 1, 0), std::span(pixels).first(kPixels)));
  std::set<std::vector<std::uint8_t>> different;
  for (std::size_t column = 0; column < 10; ++column) {
    different.insert(sheet_picture(sheet, 1, column));
  }
  EXPECT_EQ(different.size(), 10U);
}

}  // namespace
}  // namespace qmnist
