#include "host/image/decode.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host/error.h"
#include "tests/support/image_fixtures.h"

namespace qmnist {
namespace {

using test::bytes_of;
using test::image_fixture;

ColourImage decode(const std::string& content) {
  return decode_image(bytes_of(content), "picture");
}

/// Expects a refusal that begins with the picture's name and holds these words.
void expect_refusal(const std::string& content, const std::string& words) {
  try {
    (void)decode(content);
    FAIL() << "expected: " << words;
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("picture: ")) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

std::vector<std::uint8_t> rgb_of(const ColourImage& image) {
  std::vector<std::uint8_t> rgb;
  for (std::size_t i = 0; i < image.pixels.size(); i += ColourImage::kChannels) {
    rgb.insert(rgb.end(), {image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]});
  }
  return rgb;
}

TEST(DecodeTest, ReadsWhatOpenCvReads) {
  for (const auto& expected : test::image_vectors()) {
    const std::string name = expected.at("file");
    const ColourImage image = decode(test::read_file(image_fixture(name)));
    EXPECT_EQ(image.width, expected.at("width")) << name;
    EXPECT_EQ(image.height, expected.at("height")) << name;
    const std::vector<std::uint8_t> rgb = rgb_of(image);
    EXPECT_EQ(crc32(0, rgb.data(), static_cast<uInt>(rgb.size())), expected.at("rgb_crc32"))
        << name;
  }
}

TEST(DecodeTest, KeepsAlpha) {
  const ColourImage image = decode(test::read_file(image_fixture("alpha_40x40.png")));
  std::vector<std::uint8_t> alphas;
  for (std::size_t i = 3; i < image.pixels.size(); i += ColourImage::kChannels) {
    alphas.push_back(image.pixels[i]);
  }
  EXPECT_LT(std::ranges::min(alphas), 10);
  EXPECT_GT(std::ranges::max(alphas), 245);
}

TEST(DecodeTest, ScalesOtherMaximaThan255) {
  EXPECT_EQ(rgb_of(decode("P2\n# levels of 15\n3 1\n15\n0 # black\n5 15\n")),
            (std::vector<std::uint8_t>{0, 0, 0, 85, 85, 85, 255, 255, 255}));
  EXPECT_EQ(rgb_of(decode("P3 1 1 1 1 0 1")), (std::vector<std::uint8_t>{255, 0, 255}));
  EXPECT_EQ(rgb_of(decode(std::string("P5 2 1 1023\n\x03\xFF\x02\x00", 16))),
            (std::vector<std::uint8_t>{255, 255, 255, 128, 128, 128}));
}

TEST(DecodeTest, ReadsPbm) {
  EXPECT_EQ(rgb_of(decode("P1\n2 2\n0 1\n1 0\n")),
            (std::vector<std::uint8_t>{255, 255, 255, 0, 0, 0, 0, 0, 0, 255, 255, 255}));
}

TEST(DecodeTest, RefusesFilesThatEndEarly) {
  for (const auto& picture : test::image_vectors()) {
    const std::string name = picture.at("file");
    const std::string content = test::read_file(image_fixture(name));
    // A cut number is a number, too, a GIF is whole with its first frame, a TIFF without padding.
    const bool has_spare_end =
        name.starts_with("words") || name.ends_with(".gif") || name.ends_with(".tiff");
    const std::size_t longest = content.size() - (has_spare_end ? 8 : 1);
    const std::size_t step = std::max<std::size_t>(content.size() / 50, 1);
    for (std::size_t size = longest % step; size <= longest; size += step) {
      EXPECT_THROW((void)decode(content.substr(0, size)), DataError) << name << " cut at " << size;
    }
  }
}

TEST(DecodeTest, RefusesADamagedPng) {
  const std::string content = test::read_file(image_fixture("up_17x31.png"));
  for (const std::size_t at : {17UL, 40UL, 500UL, content.size() - 20}) {
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    expect_refusal(damaged, "damaged PNG");
  }
}

TEST(DecodeTest, RefusesAPngThatDoesNotBeginWithItsSize) {
  std::string content = test::read_file(image_fixture("up_17x31.png"));
  // A chunk whose content would be taken as 1 x 1 pixels, and which stb_image skips.
  constexpr std::string_view kChunk("\0\0\0\bCgBI\0\0\0\1\0\0\0\1\xE7\xDE\x5B\x33", 20);
  content.insert(8, kChunk);
  expect_refusal(content, "unusual PNG");
}

TEST(DecodeTest, RefusesADamagedJpeg) {
  std::string content = test::read_file(image_fixture("grey_50x70.jpg"));
  const std::size_t scan = content.find("\xFF\xDA");
  content.replace(scan + 40, 2, "\xFF\xD9");  // the end, in the middle of the pixels
  expect_refusal(content, "damaged JPEG");
}

TEST(DecodeTest, NamesWhatItExpected) {
  expect_refusal("", "is empty; expected a PNG, JPEG, TIFF, WebP, GIF, BMP or PNM image");
  expect_refusal("a text\n", "expected a PNG, JPEG, TIFF, WebP, GIF, BMP or PNM image");
  expect_refusal("\x89PNG\r\n\x1A\n", "damaged PNG: ends at byte 8");
  expect_refusal("P5 2 2 255\nabc", "ends at byte 14; expected 4 bytes");
  expect_refusal("P5 2 2 70000\nabcd", "1 to 65535");
  expect_refusal("P5 2 2 0\nabcd", "1 to 65535");
  expect_refusal("P5 x", "byte 3: not a digit; expected a number");
  expect_refusal("P5 0 2 255\n", "0 x 2 pixels");
  expect_refusal("BM", "0 x 0 pixels");
  expect_refusal("RIFF1234WEBP", "0 x 0 pixels");
  expect_refusal("RIFF", "save it as PNG");
  expect_refusal(std::string("II*\0", 4), "save it as PNG");
  expect_refusal("P4 100 100\n", "save it as PNG");
}

/// Little-endian, as BMP has it.
std::string number(std::uint32_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) {
    bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  }
  return bytes;
}

std::string bmp(std::uint32_t offset, std::uint32_t width, std::uint32_t height, std::uint32_t bits,
                const std::string& pixels) {
  return "BM" + number(0, 8) + number(offset, 4) + number(40, 4) + number(width, 4) +
         number(height, 4) + number(1, 2) + number(bits, 2) + number(0, 24) + pixels;
}

TEST(DecodeTest, ReadsABmpFromTheTopDown) {
  constexpr std::uint32_t kMinusTwo = 0U - 2;
  const std::string rows = std::string("\1\2\3\0", 4) + std::string("\4\5\6\0", 4);
  EXPECT_EQ(rgb_of(decode(bmp(54, 1, kMinusTwo, 24, rows))),
            (std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(rgb_of(decode(bmp(54, 1, 2, 24, rows))), (std::vector<std::uint8_t>{6, 5, 4, 3, 2, 1}));
}

TEST(DecodeTest, RefusesHostileHeadersBeforeItTakesMemory) {
  expect_refusal("P5 65000 65000 255\n", "65000 x 65000 pixels; expected at most");
  expect_refusal("P5 70000 1 255\n", "at most 65535 per side");
  expect_refusal("P5 99999999999999999999 1 255\n", "at most 65535 per side");
  expect_refusal("P2 8000 8000 255\n1 2 3", "expected 64000000 numbers");
  expect_refusal(bmp(54, 60000, 60000, 24, ""), "60000 x 60000 pixels");
  expect_refusal(bmp(54, 8000, 8000, 24, "abc"), "expected 192000000 bytes of pixels");
  expect_refusal(bmp(54, 1, 0x80000000U, 24, "abcd"), "per side");
  expect_refusal(bmp(20, 1, 1, 24, "abcd"), "BMP");
  expect_refusal(bmp(54, 1, 1, 17, "abcdefgh"), "BMP");
  std::string png = test::read_file(image_fixture("same_28x28.png"));
  png.replace(16, 8, std::string("\0\0\xFF\0\0\0\xFF\0", 8));
  const auto sum = static_cast<std::uint32_t>(crc32(0, bytes_of(png).subspan(12, 17).data(), 17));
  for (std::size_t i = 0; i < 4; ++i) {
    png[29 + i] = static_cast<char>(sum >> (24 - 8 * i) & 0xFF);
  }
  expect_refusal(png, "65280 x 65280 pixels");
  std::string jpeg = test::read_file(image_fixture("grey_50x70.jpg"));
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, "\xFD\xE8\xFD\xE8");
  expect_refusal(jpeg, "65000 x 65000 pixels");
}

TEST(DecodeTest, LeavesGifFramesAfterTheFirstAlone) {
  const std::string content = test::read_file(image_fixture("palette_45x30.gif"));
  const std::string second = ',' + number(0, 4) + number(0xFFFFFFFFU, 4) + std::string(1, '\0');
  const std::string animated = content.substr(0, content.size() - 1) + second;
  EXPECT_EQ(decode(animated).pixels, decode(content).pixels);
  const std::string header = "GIF89a" + number(0x00010001U, 4) + std::string(3, '\0');
  expect_refusal(header + second, "65535 x 65535 pixels");
  expect_refusal(header + ",", "damaged GIF: ends at byte 14");
  expect_refusal(header + "x", "damaged GIF: no frame at byte 13");
}

TEST(DecodeTest, PrintsNothing) {
  testing::internal::CaptureStderr();
  for (const auto& picture : test::image_vectors()) {
    const std::string content = test::read_file(image_fixture(std::string(picture.at("file"))));
    for (const std::size_t size : {content.size(), content.size() / 2, std::size_t{16}}) {
      try {
        (void)decode(content.substr(0, size));
      } catch (const DataError&) {  // NOLINT(bugprone-empty-catch): most are refused
      }
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace qmnist
