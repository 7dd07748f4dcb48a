#include "host/image/png.h"

#include <gtest/gtest.h>

#include "tests/support/decode_png.h"

namespace qmnist {
namespace {

GreyImage image_of(std::size_t width, std::size_t height) {
  GreyImage image{.width = width, .height = height, .pixels = {}};
  for (std::size_t i = 0; i < width * height; ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  }
  return image;
}

TEST(PngTest, HoldsEveryGreyLevelInItsPlace) {
  for (const auto& [width, height] : {std::pair(1, 1), {3, 5}, {28, 28}, {257, 2}}) {
    const GreyImage image =
        image_of(static_cast<std::size_t>(width), static_cast<std::size_t>(height));
    const test::Picture picture = test::decode_png(encode_png(image));
    EXPECT_EQ(picture.width, image.width);
    EXPECT_EQ(picture.height, image.height);
    EXPECT_EQ(picture.channels, 1U);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      const std::uint8_t level = image.pixels[i];
      ASSERT_EQ(picture.pixels[i], (test::Rgb{level, level, level})) << i;
    }
  }
}

TEST(PngTest, DataUriIsBase64) {
  // The examples of RFC 4648, section 10.
  EXPECT_EQ(png_data_uri(""), "data:image/png;base64,");
  EXPECT_EQ(png_data_uri("f"), "data:image/png;base64,Zg==");
  EXPECT_EQ(png_data_uri("fo"), "data:image/png;base64,Zm8=");
  EXPECT_EQ(png_data_uri("foo"), "data:image/png;base64,Zm9v");
  EXPECT_EQ(png_data_uri("foobar"), "data:image/png;base64,Zm9vYmFy");
}

}  // namespace
}  // namespace qmnist
