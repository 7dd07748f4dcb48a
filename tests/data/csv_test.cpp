#include "host/data/csv.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/error.h"
#include "tests/support/data_checks.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Many zeros, one at the end, and numbers of one, two and three digits.
int csv_level(std::size_t image, std::size_t pixel) {
  const std::size_t place = image * kPixels + pixel;
  return place / 16 % 3 == 0 && pixel + 1 < kPixels ? static_cast<int>(37 * place % 256) : 0;
}

struct Form {
  std::string header;
  std::string end = "\n";
  std::string quote = "";  // NOLINT(readability-redundant-string-init): for designated ones
  bool last_end = true;
};

std::string row(std::size_t image, int label, const Form& form) {
  std::string line = fmt::format("{1}{0}{1}", label, form.quote);
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    line += fmt::format(",{1}{0}{1}", csv_level(image, pixel), form.quote);
  }
  return line;
}

/// A file of images with the labels 0, 3, 6, 9, 2, ...
std::string csv(const Form& form, std::size_t count = 3) {
  std::string file = form.header.empty() ? "" : form.header + form.end;
  for (std::size_t image = 0; image < count; ++image) {
    const bool is_last = image + 1 == count;
    file += row(image, static_cast<int>(3 * image % 10), form);
    file += is_last && !form.last_end ? "" : form.end;
  }
  return file;
}

std::string header(const std::function<std::string(std::size_t)>& name,
                   std::string_view quote = "") {
  std::string line = fmt::format("{0}label{0}", quote);
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    line += fmt::format(",{1}{0}{1}", name(pixel), quote);
  }
  return line;
}

std::string counted_csv(std::size_t pixel) {
  return fmt::format("pixel{}", pixel);
}

std::string by_place(std::size_t pixel) {
  return fmt::format("{}x{}", pixel / kImageSide + 1, pixel % kImageSide + 1);
}

LabelledImages read_csv(const std::string& content) {
  ByteReader file(content, "digits.csv");
  return read_csv(file, {});
}

void expect_csv_images(const LabelledImages& images, std::size_t count = 3) {
  ASSERT_EQ(images.labels.size(), count);
  ASSERT_EQ(images.pixels.size(), count * kPixels);
  for (std::size_t image = 0; image < count; ++image) {
    EXPECT_EQ(images.labels[image], 3 * image % 10);
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      ASSERT_EQ(images.pixels[image * kPixels + pixel], csv_level(image, pixel));
    }
  }
}

std::string csv_error(const std::string& content) {
  return test::data_error_of([&] { (void)read_csv(content); });
}

/// A labelled file without its first column.
std::string without_labels(const std::string& file) {
  std::string rest;
  bool is_label = true;
  for (const char character : file) {
    rest += is_label ? "" : std::string(1, character);
    is_label = character == '\n' || (is_label && character != ',');
  }
  return rest;
}

std::vector<std::uint8_t> read_unlabelled_csv(const std::string& content) {
  ByteReader file(content, "digits.csv");
  return read_unlabelled_csv(file);
}

std::string unlabelled_csv_error(const std::string& content) {
  return test::data_error_of([&] { (void)read_unlabelled_csv(content); });
}

std::string gzip_csv(const std::string& content) {
  const test::TemporaryFolder folder;
  gzFile_s* const file = gzopen((folder / "file").c_str(), "wb");
  EXPECT_GT(gzwrite(file, content.data(), static_cast<unsigned>(content.size())), 0);
  EXPECT_EQ(gzclose(file), Z_OK);
  return test::read_file(folder / "file");
}

TEST(CsvTest, ReadsEveryForm) {
  for (const std::string end : {"\n", "\r\n"}) {
    for (const std::string quote : {"", "\""}) {
      for (const std::string& names :
           {std::string(), header(counted_csv, quote), header(by_place)}) {
        for (const bool last_end : {true, false}) {
          const std::string file = csv({names, end, quote, last_end});
          expect_csv_images(read_csv(file));
          expect_csv_images(read_csv(gzip_csv(file)));
          expect_csv_images(read_csv("\xEF\xBB\xBF" + file));
          const std::vector<std::uint8_t> pixels = read_csv(file).pixels;
          const std::string unlabelled = without_labels(file);
          EXPECT_EQ(read_unlabelled_csv(unlabelled), pixels);
          EXPECT_EQ(read_unlabelled_csv(gzip_csv(unlabelled)), pixels);
          EXPECT_EQ(read_unlabelled_csv("\xEF\xBB\xBF" + unlabelled), pixels);
        }
      }
    }
  }
}

TEST(CsvTest, ReadsFilesOfManyBlocks) {
  constexpr std::size_t kCount = 1000;  // 2 MB, in blocks of 256 KiB that end anywhere in a line
  expect_csv_images(read_csv(csv({.header = header(counted_csv)}, kCount)), kCount);
  expect_csv_images(read_csv(gzip_csv(csv({}, kCount))), kCount);
  EXPECT_EQ(read_unlabelled_csv(without_labels(csv({}, kCount))), read_csv(csv({}, kCount)).pixels);
}

TEST(CsvTest, ZerosBesideOtherNumbersAreRead) {
  const auto with = [](std::string_view text) {
    std::string line = "7," + std::string(text);
    for (std::size_t fields = 1 + static_cast<std::size_t>(std::ranges::count(text, ','));
         fields < kPixels; ++fields) {
      line += ",0";
    }
    return read_csv(line).pixels;
  };
  EXPECT_EQ(with("0,0,0,0,5,0").at(4), 5);
  EXPECT_EQ(with("0,0,0,05,0,0").at(3), 5);
  EXPECT_EQ(with("0,0,0,0,0,0,0,09").at(7), 9);
  EXPECT_EQ(with("000,00,0,255").at(3), 255);
}

TEST(CsvTest, EveryTruncationIsRefusedOrRight) {
  const std::string file = csv({.header = header(counted_csv)}, 2);
  const std::size_t second = file.rfind('\n', file.size() - 2);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    // Only behind its first digit can a line's last number be cut unnoticed; here that is all of
    // it.
    const bool is_whole = size == second || size == second + 1 || size == file.size() - 1;
    if (is_whole) {
      expect_csv_images(read_csv(cut), size > second + 1 ? 2 : 1);
    } else {
      EXPECT_TRUE(csv_error(cut).starts_with("digits.csv: ")) << size;
    }
  }
  const std::string packed = gzip_csv(file);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_TRUE(csv_error(packed.substr(0, size)).starts_with("digits.csv: ")) << size;
  }
}

TEST(CsvTest, AnUnlabelledLineBeginsWithItsFirstPixel) {
  const std::string rest = without_labels(row(1, 0, {})).substr(1);
  for (const std::string_view first : {"7", "\"7\"", "007"}) {
    EXPECT_EQ(read_unlabelled_csv(std::string(first) + rest).front(), 7);
  }
  EXPECT_EQ(read_unlabelled_csv("255" + rest).front(), 255);
}

TEST(CsvTest, EveryTruncationOfUnlabelledLinesIsRefusedOrRight) {
  const std::string file = without_labels(csv({.header = header(counted_csv)}, 2));
  const std::vector<std::uint8_t> pixels = read_unlabelled_csv(file);
  const std::vector<std::uint8_t> first(pixels.begin(), pixels.begin() + kPixels);
  const std::size_t second = file.rfind('\n', file.size() - 2);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    if (size == second || size == second + 1) {
      EXPECT_EQ(read_unlabelled_csv(cut), first);
    } else if (size == file.size() - 1) {
      EXPECT_EQ(read_unlabelled_csv(cut), pixels);
    } else {
      EXPECT_TRUE(unlabelled_csv_error(cut).starts_with("digits.csv: ")) << size;
    }
  }
}

TEST(CsvTest, ADamagedByteOfUnlabelledLinesChangesOnePixelAtMost) {
  const std::string file = without_labels(csv({}, 2));
  const std::vector<std::uint8_t> pixels = read_unlabelled_csv(file);
  for (std::size_t place = 0; place < file.size(); ++place) {
    for (const unsigned bit : {0U, 2U, 4U, 6U, 7U}) {
      std::string damaged = file;
      damaged[place] = static_cast<char>(damaged[place] ^ (1U << bit));
      try {
        const std::vector<std::uint8_t> read = read_unlabelled_csv(damaged);
        ASSERT_EQ(read.size(), pixels.size());
        EXPECT_LE(std::inner_product(read.begin(), read.end(), pixels.begin(), 0, std::plus(),
                                     std::not_equal_to()),
                  1)
            << place;
      } catch (const DataError& error) {
        EXPECT_TRUE(std::string_view(error.what()).starts_with("digits.csv: line ")) << place;
      }
    }
  }
}

TEST(CsvTest, DamagedBytesOfTheHeaderAreRefusedOrChangeNothing) {
  const std::string file = csv({.header = header(counted_csv)});
  for (std::size_t place = 0; place < file.find('\n'); ++place) {
    for (const unsigned bit : {0U, 2U, 4U, 6U, 7U}) {
      std::string damaged = file;
      damaged[place] = static_cast<char>(damaged[place] ^ (1U << bit));
      try {
        expect_csv_images(read_csv(damaged));
      } catch (const DataError& error) {
        EXPECT_TRUE(std::string_view(error.what()).starts_with("digits.csv: line ")) << place;
      }
    }
  }
}

TEST(CsvTest, ErrorsNameTheLineAndWhatWouldBeRight) {
  const std::string good = row(0, 5, {});
  const auto rest = good.substr(1);
  const auto expect_error = [](const std::string& content, const std::string& message) {
    EXPECT_EQ(csv_error(content), "digits.csv: " + message);
  };
  expect_error("", "has no images; expected lines of a label and 784 pixels");
  expect_error(header(counted_csv), "has no images; expected lines of a label and 784 pixels");
  expect_error(good + "\n1,2,3\n", "line 2: has 3 columns; expected a label and 784 pixels");
  expect_error(good + "\n\n" + good,
               "line 2: has 1 columns; expected a label and 784 pixels, with commas between");
  expect_error(good + ",0", "line 1: has 786 columns; expected a label and 784 pixels");
  for (const std::string_view wrong : {"256", "1000", "-1", "1.5", " 1", "", "\"1", "1\"", "x"}) {
    std::string file = good;
    file += '\n';
    file += good.substr(0, good.rfind(',') + 1);
    file += wrong;
    expect_error(
        file,
        fmt::format("line 2: field 785 is \"{}\"; expected a whole number from 0 to 255", wrong));
  }
  expect_error(good + "\n256" + rest,
               "line 2: field 1 is \"256\"; expected a whole number from 0 to 255");
  expect_error(std::string(300000, '1'),
               "line 1: is longer than 262144 bytes; expected 784 pixels");
}

TEST(CsvTest, WrongColumnsAreRefused) {
  const auto error_of_header = [](const std::string& names) {
    return csv_error(csv({.header = names}));
  };
  const std::string names = header(counted_csv);
  EXPECT_EQ(error_of_header(names.substr(6) + ",label"),  // OpenML's order
            "digits.csv: line 1: the first column is \"pixel0\"; expected label, then 784 pixels");
  EXPECT_EQ(error_of_header(names.substr(6)),  // Kaggle's test.csv
            "digits.csv: line 1: the first column is \"pixel0\"; expected label, then 784 pixels");
  EXPECT_EQ(error_of_header(names + ",writer"),
            "digits.csv: line 1: has 786 columns; expected a label and 784 pixels");
  const auto transposed = [](std::size_t pixel) {
    return by_place(pixel % kImageSide * kImageSide + pixel / kImageSide);
  };
  EXPECT_EQ(error_of_header(header(transposed)),
            "digits.csv: line 1: column 30 is \"1x2\"; expected names whose numbers ascend, as "
            "pixel0, pixel1, ... or 1x1, 1x2, ...");
}

TEST(CsvTest, ErrorsOfUnlabelledLinesNameTheLineAndWhatWouldBeRight) {
  const std::string names = without_labels(header(counted_csv));
  const std::string good = without_labels(row(0, 5, {}));
  const auto expect_error = [](const std::string& content, const std::string& message) {
    EXPECT_EQ(unlabelled_csv_error(content), "digits.csv: " + message);
  };
  expect_error("", "has no images; expected lines of 784 pixels without a label");
  expect_error(names, "has no images; expected lines of 784 pixels without a label");
  const std::string labelled = "line 1: has 785 columns; expected 784 pixels without a label";
  expect_error(csv({.header = header(counted_csv)}), labelled);
  expect_error(csv({.header = header(by_place, "\"")}), labelled);
  expect_error(csv({}), labelled);
  expect_error(names + ",label\n", labelled);
  expect_error(names + "\n" + good + "\n" + row(1, 5, {}),
               "line 3: has 785 columns; expected 784 pixels without a label");
  expect_error(good + "\n" + good.substr(2),
               "line 2: has 783 columns; expected 784 pixels without a label");
  expect_error("0;0;0",
               "line 1: has 1 columns; expected 784 pixels without a label, with commas "
               "between");
  expect_error("label" + names.substr(names.find(',')),
               "line 1: column 1 is \"label\"; expected names whose numbers ascend, as pixel0, "
               "pixel1, ... or 1x1, 1x2, ...");
  for (const std::string_view wrong : {"256", "1000", "-1", "1.5", " 1", "", "\"1", "1\"", "x"}) {
    expect_error(
        good + "\n" + std::string(wrong) + good.substr(1),
        fmt::format("line 2: field 1 is \"{}\"; expected a whole number from 0 to 255", wrong));
  }
}

TEST(CsvTest, WhatFollowsPackedDataIsRefused) {
  EXPECT_NE(csv_error(gzip_csv(csv({})) + "more").find("goes on after byte "), std::string::npos);
}

}  // namespace
}  // namespace qmnist
