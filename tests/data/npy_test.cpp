#include "host/data/npy.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/error.h"
#include "host/read_file.h"
#include "tests/support/data_checks.h"
#include "tests/support/npy_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

using namespace std::string_literals;
using Bytes = std::vector<std::uint8_t>;
using Shape = std::vector<std::uint64_t>;
using test::npy_file;

constexpr std::size_t kNpyCount = 3;

/// Pixel i of images that every type can hold.
std::uint8_t npy_level(std::size_t i) {
  return static_cast<std::uint8_t>(7 * i % 128);
}

Bytes levels() {
  Bytes pixels(kNpyCount * kPixels);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = npy_level(i);
  }
  return pixels;
}

/// The bytes of a number, in the byte order of the descr.
template <typename Number>
std::string bytes_of_number(Number number, bool big_endian) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  if (big_endian) {
    std::ranges::reverse(bytes);
  }
  return bytes;
}

std::string number_as(std::string_view descr, double number) {
  const bool is_big = descr[0] == '>';
  if (descr.ends_with("f4")) {
    return bytes_of_number(static_cast<float>(number), is_big);
  }
  if (descr.ends_with("f8")) {
    return bytes_of_number(number, is_big);
  }
  const std::string bytes = bytes_of_number(static_cast<std::int64_t>(number), is_big);
  const auto width = static_cast<std::size_t>(descr.back() - '0');
  return is_big ? bytes.substr(8 - width) : bytes.substr(0, width);
}

/// The images of npy_level(), as `number` says a level, in a file.
std::string npy_images(std::string_view descr, bool fortran_order, const Shape& shape,
                       double unit = 1) {
  std::string values;
  const bool is_flat = shape.size() == 2;
  for (std::size_t place = 0; place < kNpyCount * kPixels; ++place) {
    std::size_t i = place;
    if (fortran_order) {
      const std::size_t image = place % kNpyCount;
      const std::size_t behind = place / kNpyCount;
      const std::size_t pixel =
          is_flat ? behind : behind % kImageSide * kImageSide + behind / kImageSide;
      i = image * kPixels + pixel;
    }
    values += number_as(descr, unit * npy_level(i));
  }
  return npy_file(descr, fortran_order, shape, values);
}

std::string labels(std::string_view descr, const std::vector<double>& numbers,
                   const Shape& shape = {}) {
  std::string values;
  for (const double number : numbers) {
    values += number_as(descr, number);
  }
  return npy_file(descr, false, shape.empty() ? Shape{numbers.size()} : shape, values);
}

Bytes pixels_of(const std::string& file) {
  return numpy::to_pixels(numpy::parse_npy(bytes_of(file), "x.npy"));
}

Bytes npy_labels(const std::string& file, std::size_t count) {
  return numpy::to_labels(numpy::parse_npy(bytes_of(file), "y.npy"), count, {});
}

std::string pixels_error(const std::string& file) {
  return test::data_error_of([&] { (void)pixels_of(file); });
}

TEST(NpyTest, ReadsEveryTypeOrderAndShape) {
  for (const char* descr : {"|u1", "<u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4",
                            ">i4", "<u8", ">u8", "<i8", ">i8", "<f4", ">f4", "<f8", ">f8"}) {
    for (const bool fortran_order : {false, true}) {
      for (const Shape& shape : {Shape{kNpyCount, 28, 28}, Shape{kNpyCount, 784},
                                 Shape{kNpyCount, 28, 28, 1}, Shape{kNpyCount, 1, 28, 28}}) {
        SCOPED_TRACE(fmt::format("{} {} {}", descr, fortran_order, fmt::join(shape, " ")));
        EXPECT_EQ(pixels_of(npy_images(descr, fortran_order, shape)), levels());
      }
    }
  }
}

TEST(NpyTest, ScalesFloatsFromZeroToOne) {
  for (const char* descr : {"<f4", ">f8"}) {
    EXPECT_EQ(pixels_of(npy_images(descr, true, {kNpyCount, 784}, 1 / 255.0)), levels());
  }
  Bytes binary(kPixels);
  std::string values;
  for (std::size_t i = 0; i < kPixels; ++i) {
    binary[i] = i % 3 == 0 ? 255 : 0;
    values += number_as("<f4", i % 3 == 0 ? 1 : 0);
  }
  EXPECT_EQ(pixels_of(npy_file("<f4", false, {1, 784}, values)), binary);
}

TEST(NpyTest, RefusesPixelsThatAreNoLevels) {
  const auto with = [](std::string_view descr, double first, double second) {
    std::string values = number_as(descr, first) + number_as(descr, second);
    values.resize(kPixels * static_cast<std::size_t>(descr.back() - '0'));
    return npy_file(descr, false, {1, 784}, values);
  };
  EXPECT_EQ(pixels_error(with("<i2", 0, -1)),
            "x.npy: byte 130: a pixel is -1; expected grey levels from 0 to 255");
  EXPECT_EQ(pixels_error(with(">u4", 0, 256)),
            "x.npy: byte 132: a pixel is 256; expected grey levels from 0 to 255");
  EXPECT_EQ(pixels_error(with("|i1", 0, -128)),
            "x.npy: byte 129: a pixel is -128; expected grey levels from 0 to 255");
  const std::string expected =
      "; expected whole grey levels from 0 to 255, or 255ths of them from 0 to 1 in all pixels";
  EXPECT_EQ(pixels_error(with("<f4", 2, 0.5)), "x.npy: byte 132: a pixel is 0.5" + expected);
  EXPECT_EQ(pixels_error(with("<f8", 1, 0.5)), "x.npy: byte 136: a pixel is 0.5" + expected);
  EXPECT_EQ(pixels_error(with("<f8", 255, 256)), "x.npy: byte 136: a pixel is 256" + expected);
  EXPECT_EQ(pixels_error(with("<f8", -0.5, 0)), "x.npy: byte 128: a pixel is -0.5" + expected);
  EXPECT_EQ(pixels_error(with("<f4", 1, 1e-40)).substr(0, 25), "x.npy: byte 132: a pixel ");
  EXPECT_EQ(pixels_error(with("<f4", std::numeric_limits<double>::quiet_NaN(), 0)),
            "x.npy: byte 128: a pixel is nan" + expected);
  EXPECT_EQ(pixels_of(with("<f8", 255, 3)).at(1), 3);
  EXPECT_EQ(pixels_of(with("<f8", 1, 3.002 / 255 - 0.0015 / 255)).at(1), 3);
}

TEST(NpyTest, ReadsLabels) {
  for (const char* descr : {"|u1", "|i1", "<u2", ">i4", "<i8", ">u8"}) {
    EXPECT_EQ(npy_labels(labels(descr, {5, 0, 9}), 3), (Bytes{5, 0, 9}));
    EXPECT_EQ(npy_labels(labels(descr, {5, 0, 9}, {3, 1}), 3), (Bytes{5, 0, 9}));
  }
  const auto error = [](const std::string& file) {
    return test::data_error_of([&] { (void)npy_labels(file, 3); });
  };
  EXPECT_EQ(error(labels("<i4", {1, 256, 2})),
            "y.npy: byte 132: the label of image 1 is 256; expected 0 to 255");
  EXPECT_EQ(error(labels(">i8", {1, 2, -1})),
            "y.npy: byte 144: the label of image 2 is -1; expected 0 to 255");
  EXPECT_EQ(error(npy_file("<u8", false, {3}, std::string(24, '\xFF'))),
            "y.npy: byte 128: the label of image 0 is 18446744073709551615; expected 0 to "
            "255");
  EXPECT_EQ(error(labels("|u1", {1, 2})),
            "y.npy: byte 0: has shape (2); expected (3) or (3, 1), a label for each image");
  EXPECT_EQ(error(labels("<f4", {1, 2, 3})),
            "y.npy: byte 0: has labels of dtype f4; expected integers");
}

TEST(NpyTest, UnsuitableShapesThrow) {
  for (const Shape& shape : {Shape{}, Shape{0, 784}, Shape{784}, Shape{2, 14, 28}, Shape{2, 27, 28},
                             Shape{1, 28, 28, 3}, Shape{1, 56, 14}}) {
    std::size_t size = 1;
    for (const std::uint64_t length : shape) {
      size *= length;
    }
    const std::string message = pixels_error(npy_file("|u1", false, shape, std::string(size, 'a')));
    EXPECT_TRUE(message.starts_with(
        fmt::format("x.npy: byte 0: has shape ({}); expected ", fmt::join(shape, ", "))))
        << message;
  }
}

TEST(NpyTest, HeadersInOtherFormsAreRead) {
  const Bytes image(kPixels, 'a');
  const auto with_header = [](const std::string& preamble, const std::string& header) {
    return preamble + header + std::string(kPixels, 'a');
  };
  const std::string dict = R"( {"shape":(1,784) ,"fortran_order" : True,'descr':'|u1'}  )";
  const auto length = static_cast<char>(dict.size());
  EXPECT_EQ(pixels_of(with_header("\x93NUMPY\2\0"s + length + "\0\0\0"s, dict)), image);
  EXPECT_EQ(pixels_of(with_header("\x93NUMPY\3\0"s + length + "\0\0\0"s, dict)), image);
  EXPECT_EQ(pixels_of(with_header("\x93NUMPY\1\0"s + length + '\0', dict)), image);
}

TEST(NpyTest, UnknownHeadersThrow) {
  const auto error = [](const std::string& dict) {
    const auto length = static_cast<char>(dict.size());
    std::string message = pixels_error("\x93NUMPY\1\0"s + length + '\0' + dict + "a");
    EXPECT_TRUE(message.starts_with("x.npy: byte ")) << message;
    return message;
  };
  const auto expect_in = [](const std::string& message, std::string_view words) {
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  expect_in(error("__import__('os').system('true')"), "byte 10: expected { in the header's dict");
  expect_in(error("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} or 1"),
            "byte 66: expected spaces to the header's end");
  expect_in(error("{'descr': '|u1', 'fortran_order': False}"),
            "the header's dict is not complete; expected descr, fortran_order and shape");
  expect_in(error("{'descr': '|u1', 'descr': '|u1'}"), "the header's dict has descr twice");
  expect_in(error("{'description': '|u1'}"), "the header's dict has the key description; expected");
  expect_in(error("{'descr': [('a', '|u1')]}"), "the array has a structured dtype");
  expect_in(error("{'fortran_order': 1}"), "expected False");
  expect_in(error("{'shape': (1, 2, 3, 4, 5)}"), "the array has more dimensions than 4");
  expect_in(error("{'shape': (-1,)}"), "expected a size of the shape");
  expect_in(error("{'shape': (99999999999999999999999,)}"), "a size of the shape is too large");
  for (const std::string type : {"|O", "<u2 ", "|u2", "=u2", "<f2", "<c8", "|b1", "", "<"}) {
    expect_in(error(fmt::format("{{'descr': '{}'", type)),
              fmt::format("byte 20: dtype {}; expected one of u1, u2, u4, u8, i1", type));
  }
  expect_in(pixels_error("\x93NUMPY\4\0v\0"s), "byte 6: unknown format version; expected 1.0, 2.0");
  expect_in(pixels_error("PK"), "byte 0: has no magic \\x93NUMPY; expected a .npy file");
}

TEST(NpyTest, SizesThatDoNotFitThrow) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 60U;
  for (const Shape& shape : {Shape{kHuge, 28, 28}, Shape{kHuge}, Shape{kHuge, kHuge, kHuge}}) {
    const std::string message = pixels_error(npy_file("<i8", false, shape, "abc"));
    EXPECT_NE(message.find("byte 128: 3 bytes follow the header; expected "), std::string::npos)
        << message;
  }
  EXPECT_EQ(pixels_error(npy_file("|u1", false, {1, 784}, std::string(785, 'a'))),
            "x.npy: byte 128: 785 bytes follow the header; expected 784, for shape (1, 784) of u1");
}

TEST(NpyTest, EveryTruncationThrows) {
  const std::string file = npy_images("<i2", false, {kNpyCount, 28, 28});
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_TRUE(pixels_error(file.substr(0, size)).starts_with("x.npy: byte "));
  }
}

TEST(NpyTest, DamagedHeadersAreRefusedOrChangeNothing) {
  constexpr std::size_t kHeader = 128;
  for (const char* descr : {"|u1", "|i1", "<i2", "<u8", "<f8"}) {
    const std::string file = npy_images(descr, false, {kNpyCount, 28, 28});
    for (std::size_t place = 0; place < kHeader; ++place) {
      for (int value = 0; value < 256; ++value) {
        std::string damaged = file;
        damaged[place] = static_cast<char>(value);
        try {
          EXPECT_EQ(pixels_of(damaged), levels()) << place << " " << value;
        } catch (const DataError& error) {
          EXPECT_TRUE(std::string_view(error.what()).starts_with("x.npy: byte "));
        }
      }
    }
  }
}

// tests/fixtures/numpy/make_numpy.py wrote them.
TEST(NpyTest, ReadsWhatNumpyWrites) {
  const auto folder = test::source_dir() / "tests/fixtures/numpy";
  Bytes pixels(kNpyCount * kPixels);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(7 * i % 256);
  }
  for (const char* name :
       {"u1_C", "u1_F", "big_i2_F_flat", "f4_scaled_C", "big_f8_whole_F_channel", "i4_version2"}) {
    EXPECT_EQ(pixels_of(test::read_file(folder / fmt::format("images_{}.npy", name))), pixels)
        << name;
  }
  for (const char* name : {"i8", "big_u2_column"}) {
    EXPECT_EQ(npy_labels(test::read_file(folder / fmt::format("labels_{}.npy", name)), kNpyCount),
              (Bytes{2, 5, 8}))
        << name;
  }
}

}  // namespace
}  // namespace qmnist
