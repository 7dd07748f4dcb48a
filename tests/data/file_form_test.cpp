// data.transpose and data.first_label: how files of a person's own hold images and labels.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/error.h"
#include "tests/support/data_checks.h"
#include "tests/support/idx_files.h"
#include "tests/support/npy_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// Two images, the pixels numbered by rows in the first and by columns in the second.
std::vector<std::uint8_t> numbered_images(bool exchanged) {
  std::vector<std::uint8_t> pixels;
  for (const bool by_columns : {exchanged, !exchanged}) {
    for (std::size_t row = 0; row < kImageSide; ++row) {
      for (std::size_t column = 0; column < kImageSide; ++column) {
        const std::size_t number =
            by_columns ? column * kImageSide + row : row * kImageSide + column;
        pixels.push_back(static_cast<std::uint8_t>(number));
      }
    }
  }
  return pixels;
}

class FileFormTest : public testing::Test {
 protected:
  /// Two images in files of that source, with the labels `first` and `first` + 1.
  void write(std::string_view source, std::uint8_t first) const {
    const std::vector<std::uint8_t> pixels = numbered_images(false);
    const std::vector<std::uint8_t> labels{first, static_cast<std::uint8_t>(first + 1)};
    const std::string_view label_text(reinterpret_cast<const char*>(labels.data()), 2);
    const std::string_view pixel_text(reinterpret_cast<const char*>(pixels.data()), pixels.size());
    if (source == "mnist") {
      for (const std::string part : {"train", "t10k"}) {
        test::write_file(folder_ / (part + "-images-idx3-ubyte"), test::idx_images(pixel_text));
        test::write_file(folder_ / (part + "-labels-idx1-ubyte"), test::idx_labels(label_text));
      }
    } else if (source == "npy") {
      test::write_file(folder_ / "images.npy", test::npy_file({2, 28, 28}, pixels));
      test::write_file(folder_ / "labels.npy", test::npy_file({2}, labels));
    } else {
      std::string file;
      for (std::size_t image = 0; image < 2; ++image) {
        file += fmt::to_string(labels[image]);
        for (const std::uint8_t level : std::span(pixels).subspan(image * kPixels, kPixels)) {
          file += fmt::format(",{}", level);
        }
        file += '\n';
      }
      test::write_file(folder_ / "train.csv", file);
    }
  }
  void clear() const {
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
  }

  test::TemporaryFolder folder_;
};

TEST_F(FileFormTest, ImagesAreTransposed) {
  for (const char* source : {"mnist", "npy", "csv"}) {
    SCOPED_TRACE(source);
    clear();
    write(source, 0);
    for (const bool transpose : {false, true}) {
      const Dataset dataset = load_dataset({.dir = folder_.path(), .transpose = transpose});
      EXPECT_EQ(dataset.source, source);
      EXPECT_TRUE(std::ranges::equal(std::span(dataset.pixels).first(2 * kPixels),
                                     numbered_images(transpose)));
      EXPECT_EQ(dataset.labels.at(1), 1);
    }
  }
}

TEST_F(FileFormTest, LabelsAreCountedFromTheFirst) {
  for (const char* source : {"mnist", "npy", "csv"}) {
    SCOPED_TRACE(source);
    clear();
    for (const std::uint8_t first : std::to_array<std::uint8_t>({0, 1, 200, 254})) {
      write(source, first);
      const Dataset dataset = load_dataset({.dir = folder_.path(), .first_label = first});
      EXPECT_EQ(dataset.labels.at(0), 0);
      EXPECT_EQ(dataset.labels.at(1), 1);
      EXPECT_EQ(dataset.classes, numbered_classes(2));
      EXPECT_TRUE(dataset.name.ends_with(" files, 2 classes")) << dataset.name;
    }
    write(source, 0);
    const std::string message =
        test::data_error_of([&] { (void)load_dataset({.dir = folder_.path(), .first_label = 1}); });
    EXPECT_TRUE(message.ends_with(": the label of image 0 is 0; expected 1 to 255")) << message;
  }
}

TEST_F(FileFormTest, ClassesAreCountedFromTheFirstLabel) {
  std::string labels;
  for (char label = 1; label <= 26; ++label) {
    labels += label;
  }
  for (const std::string part : {"train", "t10k"}) {
    test::write_file(folder_ / (part + "-images-idx3-ubyte"),
                     test::idx_images(std::string(labels.size() * kPixels, '\x09')));
    test::write_file(folder_ / (part + "-labels-idx1-ubyte"), test::idx_labels(labels));
  }
  EXPECT_EQ(test::data_error_of([&] { (void)load_dataset({.dir = folder_.path()}); }),
            folder_.path().string() +
                ": the label of image 25 is 26, but none is 0; expected each label from 0 on "
                "(data.first_label)");
  const Dataset dataset = load_dataset({.dir = folder_.path(), .first_label = 1});
  EXPECT_EQ(dataset.name, "IDX files, 26 classes");
  EXPECT_EQ(dataset.labels.at(25), 25);
}

/// The message of the UsageError that loading ends in.
std::string refusal_of(const DataSettings& settings) {
  try {
    (void)load_dataset(settings);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST_F(FileFormTest, KnownSetsAreReadRightlyWithout) {
  const fs::path shipped = test::source_dir() / "data";
  EXPECT_EQ(
      refusal_of({.dir = shipped, .transpose = true}),
      "data.transpose is true, but the images are of MNIST, which is read rightly without; set it "
      "to false");
  EXPECT_EQ(
      refusal_of({.dir = shipped, .first_label = 1}),
      "data.first_label is 1, but the images are of MNIST, which is read rightly without; set it "
      "to 0");
  const fs::path pickle =
      test::source_dir() / "tests/fixtures/pickle/python3_numpy2_protocol5_little_i4_C.pkl";
  fs::copy_file(pickle, folder_ / "MNIST-120k");
  EXPECT_NE(refusal_of({.dir = folder_.path(), .transpose = true}).find("MNIST-120k (Kaggle)"),
            std::string::npos);
  clear();
  for (const std::string part : {"train", "test"}) {
    const fs::path start = folder_ / ("emnist-letters-" + part);
    test::write_file(start.string() + "-images-idx3-ubyte",
                     test::idx_images(std::string(kPixels, '\1')));
    test::write_file(start.string() + "-labels-idx1-ubyte", test::idx_labels("\1"));
  }
  EXPECT_NE(refusal_of({.dir = folder_.path(), .first_label = 1}).find("EMNIST letters"),
            std::string::npos);
  EXPECT_EQ(refusal_of({.dir = folder_.path()}), "");
}

}  // namespace
}  // namespace qmnist
