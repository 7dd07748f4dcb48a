#include "host/data/emnist.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/data/dataset.h"
#include "tests/support/data_checks.h"
#include "tests/support/idx_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

/// Digits as EMNIST's files hold images: x and y exchanged.
std::string exchanged(std::span<const std::uint8_t> pixels) {
  std::string result(pixels.size(), '\0');
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t row = i % kPixels / kImageSide;
    const std::size_t column = i % kImageSide;
    result[i / kPixels * kPixels + column * kImageSide + row] = static_cast<char>(pixels[i]);
  }
  return result;
}

/// One of EMNIST's sets in a folder, its images the first digits of the repository.
class EmnistTest : public testing::Test {
 protected:
  static constexpr std::size_t kCount = 4;
  static void SetUpTestSuite() {
    digits = load_data(test::source_dir() / "data/t10k-images-idx3-ubyte.gz");
  }
  static void TearDownTestSuite() { digits = {}; }

  [[nodiscard]] fs::path path(std::string_view split, std::string_view rest) const {
    return folder_ / fmt::format("emnist-{}-{}", split, rest);
  }
  void write_set(std::string_view split, const std::string& labels) const {
    const std::string images =
        exchanged(std::span(std::as_const(digits.pixels)).first(labels.size() * kPixels));
    for (const std::string part : {"train", "test"}) {
      test::write_file(path(split, part + "-images-idx3-ubyte"), test::idx_images(images));
      test::write_file(path(split, part + "-labels-idx1-ubyte"), test::idx_labels(labels));
    }
  }
  void write_mapping(std::string_view split, const std::string& text) const {
    test::write_file(path(split, "mapping.txt"), text);
  }
  [[nodiscard]] Dataset load() const { return load_dataset({.dir = folder_.path()}); }
  [[nodiscard]] std::string error() const {
    return test::data_error_of([this] { (void)load(); });
  }

  static Dataset digits;
  test::TemporaryFolder folder_;
};

Dataset EmnistTest::digits;

TEST_F(EmnistTest, ImagesAreUpright) {
  for (const char* split : {"digits", "mnist", "letters", "balanced", "bymerge", "byclass"}) {
    SCOPED_TRACE(split);
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    write_set(split, "\1\2\3\4");
    const std::span expected(digits.pixels.data(), kCount * kPixels);
    const Dataset dataset = load();
    ASSERT_EQ(dataset.count(), 2 * kCount);
    EXPECT_TRUE(std::ranges::equal(std::span(dataset.pixels).first(expected.size()), expected));
    EXPECT_TRUE(std::ranges::equal(std::span(dataset.pixels).last(expected.size()), expected));
    const Dataset single = load_data(path(split, "test-images-idx3-ubyte"));
    EXPECT_TRUE(std::ranges::equal(single.pixels, expected));
    EXPECT_EQ(single.labels, std::vector(dataset.labels.begin(), dataset.labels.begin() + kCount));
    EXPECT_EQ(single.classes, dataset.classes);
    EXPECT_TRUE(single.has_known_classes);
  }
}

TEST_F(EmnistTest, LabelsAreCountedFromZero) {
  struct Case {
    const char* split;
    int first;
    int last;
  };
  for (const auto& [split, first, last] :
       {Case{"digits", 0, 9}, Case{"mnist", 0, 9}, Case{"letters", 1, 26}, Case{"balanced", 0, 46},
        Case{"bymerge", 0, 46}, Case{"byclass", 0, 61}}) {
    SCOPED_TRACE(split);
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    const auto labels = [](int one, int other) {
      return std::string{static_cast<char>(one), static_cast<char>(other)};
    };
    write_set(split, labels(last, first));
    const Dataset dataset = load();
    EXPECT_EQ(dataset.classes.size(), static_cast<std::size_t>(last - first + 1));
    EXPECT_TRUE(dataset.has_known_classes);
    EXPECT_EQ(dataset.labels.at(0), last - first);
    EXPECT_EQ(dataset.labels.at(1), 0);
    for (const int outside : {first - 1, last + 1}) {
      write_set(split, labels(first, outside));
      EXPECT_EQ(error(), fmt::format("{}: byte 9: the label of image 1 is {}; expected {} to {}",
                                     path(split, "train-labels-idx1-ubyte").string(),
                                     outside & 0xFF, first, last));
    }
  }
}

TEST_F(EmnistTest, ClassesHaveTheirCharactersNames) {
  const std::string digits_and_capitals = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  using Names = std::pair<const char*, std::string>;
  for (const auto& [split, expected] :
       {Names{"digits", "0123456789"}, Names{"letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
        Names{"balanced", digits_and_capitals + "abdefghnqrt"},
        Names{"byclass", digits_and_capitals + "abcdefghijklmnopqrstuvwxyz"}}) {
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    write_set(split, "\1");
    const ClassNames classes = load().classes;
    EXPECT_EQ(std::accumulate(classes.begin(), classes.end(), std::string()), expected);
  }
}

TEST_F(EmnistTest, MappingNamesTheClasses) {
  write_set("digits", "\1");
  std::string mapping;
  for (int label = 9; label >= 0; --label) {
    mapping += fmt::format("{} {}\r\n", label, 'p' - label);
  }
  write_mapping("digits", mapping + "\n");
  const ClassNames expected{"p", "o", "n", "m", "l", "k", "j", "i", "h", "g"};
  EXPECT_EQ(load().classes, expected);
  EXPECT_EQ(load_data(path("digits", "test-images-idx3-ubyte")).classes, expected);
}

/// What is wrong with a mapping, of letters as NIST has it but for one change.
std::string mapping_error(const fs::path& path, std::string_view old_line,
                          std::string_view new_line) {
  std::string mapping;
  for (int letter = 0; letter < 26; ++letter) {
    mapping += fmt::format("{} {} {}\n", letter + 1, 'A' + letter, 'a' + letter);
  }
  const std::size_t place = mapping.find(old_line);
  test::write_file(path, mapping.replace(place, old_line.size(), new_line));
  const std::string message = test::data_error_of(
      [&] { (void)read_emnist_mapping(path, LabelRange{.first = 1, .count = 26}); });
  EXPECT_TRUE(message.starts_with(path.string() + ": line ")) << message;
  return message.substr(message.find("line "));
}

TEST(EmnistMappingTest, IsWhatNistWrites) {
  const test::TemporaryFolder folder;
  std::string mapping;
  for (int letter = 0; letter < 26; ++letter) {
    mapping += fmt::format("{} {} {}\n", letter + 1, 'A' + letter, 'a' + letter);
  }
  test::write_file(folder / "mapping", mapping);
  const ClassNames classes = read_emnist_mapping(folder / "mapping", {.first = 1, .count = 26});
  EXPECT_EQ(classes, emnist_sets().at(2).info.classes);
}

TEST(EmnistMappingTest, WhatIsWrongIsNamed) {
  const test::TemporaryFolder folder;
  const auto error = [&](std::string_view old_line, std::string_view new_line) {
    return mapping_error(folder / "emnist-letters-mapping.txt", old_line, new_line);
  };
  const std::string outside = "expected 1 to 26, each once";
  const std::string character = "expected 33 to 126, a printable ASCII character";
  EXPECT_EQ(error("3 67 99", "2 67 99"), "line 3: the label is 2; " + outside);
  EXPECT_EQ(error("1 65 97", "0 65 97"), "line 1: the label is 0; " + outside);
  EXPECT_EQ(error("26 90 122", "27 90 122"), "line 26: the label is 27; " + outside);
  EXPECT_EQ(error("1 65 97", "-1 65 97"), "line 1: the label is -1; " + outside);
  EXPECT_EQ(error("1 65 97", "x 65 97"), "line 1: the label is x; " + outside);
  EXPECT_EQ(error("1 65 97", "99999999999999999999999 65 97"),
            "line 1: the label is 99999999999999999999999; " + outside);
  EXPECT_EQ(error("2 66 98", "2 32 98"), "line 2: a code point is 32; " + character);
  EXPECT_EQ(error("2 66 98", "2 66 127"), "line 2: a code point is 127; " + character);
  EXPECT_EQ(error("2 66 98", "2 66.5 98"), "line 2: a code point is 66.5; " + character);
  EXPECT_EQ(error("2 66 98", "2 65 98"),
            "line 2: another label has the code point 65 (A), too; expected one for each label");
  EXPECT_EQ(error("2 66 98", "2"),
            "line 2: is \"2\"; expected a label and one or two code points, as 1 65 97");
  EXPECT_EQ(error("2 66 98", "\x1B[2J 1 2 3 4"),
            "line 2: is \"?[2J 1 2 3 4\"; expected a label and one or two code points, as 1 65 97");
  EXPECT_EQ(error("7 71 103", ""), "line 26: ends without the label 7; expected 1 to 26");
}

TEST(EmnistMappingTest, EveryTruncationIsRefused) {
  const test::TemporaryFolder folder;
  const std::string mapping = "0 48\n1 49\n2 50\n";
  for (std::size_t size = 0; size + 2 < mapping.size(); ++size) {
    test::write_file(folder / "mapping", mapping.substr(0, size));
    EXPECT_NE(test::data_error_of([&] {
                (void)read_emnist_mapping(folder / "mapping", {.first = 0, .count = 3});
              }).find("mapping: line "),
              std::string::npos)
        << size;
  }
}

}  // namespace
}  // namespace qmnist
