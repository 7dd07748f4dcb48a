// Files of every reader, damaged in every byte of their headers and cut at many lengths: refused in
// one line, or read as a whole data set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/error.h"
#include "tests/support/idx_files.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/npy_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// A file that is damaged.
struct Damage {
  std::string file;
  std::size_t header;      ///< bytes at the start, each of which is damaged
  std::size_t footer = 0;  ///< likewise, at the end
  /// Whether each change of the header, and each cut, makes the file wrong.
  bool is_always_wrong = false;
};

class DamagedFilesTest : public testing::Test {
 protected:
  void write(const fs::path& name, std::string_view content) const {
    fs::create_directories((folder_.path() / name).parent_path());
    test::write_file(folder_.path() / name, content);
  }
  void copy_fixture(const fs::path& fixture, const fs::path& name) const {
    write(name, test::read_file(test::source_dir() / "tests/fixtures" / fixture));
  }

  void expect_refused_or_read(const Damage& damage) const {
    const std::string content = test::read_file(folder_ / damage.file);
    const auto is_between = [&](std::size_t at) {
      return at >= damage.header && at + damage.footer < content.size();
    };
    for (std::size_t at = 0; at < content.size(); ++at) {
      for (const char byte : is_between(at) ? std::vector<char>() : damaged(content[at])) {
        std::string copy = content;
        copy[at] = byte;
        expect_refused_or_read(damage, copy, "byte " + std::to_string(at));
      }
      constexpr std::size_t kStride = 29;
      if (!is_between(at) || at % kStride == 0) {
        expect_refused_or_read(damage, content.substr(0, at), "size " + std::to_string(at));
      }
    }
    write(damage.file, content);
    EXPECT_EQ(problem({}), "") << damage.file;
  }

  test::TemporaryFolder folder_;

 private:
  /// Bits flipped, and the extremes.
  static std::vector<char> damaged(char byte) {
    std::vector<char> bytes{'\0', '\xFF'};
    for (const unsigned bit : {0U, 2U, 5U, 7U}) {
      bytes.push_back(static_cast<char>(byte ^ (1U << bit)));
    }
    std::erase(bytes, byte);
    return bytes;
  }

  void expect_refused_or_read(const Damage& damage, std::string_view content,
                              std::string_view place) const {
    write(damage.file, content);
    EXPECT_EQ(problem(damage), "") << damage.file << ", " << place;
  }

  /// What is wrong with how the folder is read; empty if nothing is.
  [[nodiscard]] std::string problem(const Damage& damage) const {
    try {
      const Dataset dataset = load_dataset({.dir = folder_.path()});
      const bool is_whole = dataset.count() > 0 &&
                            dataset.pixels.size() == dataset.count() * kPixels &&
                            std::ranges::max(dataset.labels) < dataset.classes.size();
      if (!is_whole) {
        return "incomplete";
      }
      return damage.is_always_wrong ? "read as if it were right" : "";
    } catch (const DataError& error) {
      const std::string_view message = error.what();
      const bool names_file = message.starts_with(folder_.path().string());
      return names_file && message.find('\n') == std::string_view::npos ? "" : error.what();
    } catch (const std::exception& error) {
      return std::string("no DataError: ") + error.what();
    }
  }
};

const std::string kTwoImages(2 * kPixels, '\x21');

TEST_F(DamagedFilesTest, Idx) {
  for (const std::string part : {"train", "t10k"}) {
    write(part + "-images-idx3-ubyte", test::idx_images(kTwoImages));
    write(part + "-labels-idx1-ubyte", test::idx_labels({"\1\2", 2}));
  }
  expect_refused_or_read({"train-images-idx3-ubyte", 16, 0, true});
  expect_refused_or_read({"t10k-labels-idx1-ubyte", 8, 0, true});
}

TEST_F(DamagedFilesTest, Csv) {
  std::string names = "label";
  std::string row = "7";
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    names += ",pixel" + std::to_string(pixel);
    row += ",25";
  }
  write("train.csv", row + "\n" + row + "\n");
  expect_refused_or_read({"train.csv", 20});
  write("train.csv", names + "\n" + row + "\n");
  expect_refused_or_read({"train.csv", 40});
}

TEST_F(DamagedFilesTest, Npy) {
  const std::vector<std::uint8_t> pixels(kTwoImages.begin(), kTwoImages.end());
  const std::vector<std::uint8_t> labels{0, 1};
  for (const std::string part : {"train", "test"}) {
    write("x_" + part + ".npy", test::npy_file({2, 28, 28}, pixels));
    write("y_" + part + ".npy", test::npy_file({2}, labels));
  }
  expect_refused_or_read({"x_train.npy", 128});
  expect_refused_or_read({"y_test.npy", 128});
}

TEST_F(DamagedFilesTest, Pickle) {
  copy_fixture("pickle/python3_numpy2_protocol5_little_i4_C.pkl", "MNIST-120k");
  expect_refused_or_read({"MNIST-120k", 250});
}

TEST_F(DamagedFilesTest, EmnistMapping) {
  std::string mapping;
  for (int letter = 0; letter < 26; ++letter) {
    mapping += std::to_string(letter + 1) + ' ' + std::to_string('A' + letter) + ' ' +
               std::to_string('a' + letter) + '\n';
  }
  for (const std::string part : {"train", "test"}) {
    write("emnist-letters-" + part + "-images-idx3-ubyte", test::idx_images(kTwoImages));
    write("emnist-letters-" + part + "-labels-idx1-ubyte", test::idx_labels({"\1\2", 2}));
  }
  write("emnist-letters-mapping.txt", mapping);
  expect_refused_or_read({"emnist-letters-mapping.txt", mapping.size()});
}

#if QMNIST_HAS_NPZ
TEST_F(DamagedFilesTest, Npz) {
  for (const std::string name : {"stored", "deflated"}) {
    copy_fixture("numpy/keras_" + name + ".npz", "mnist.npz");
    expect_refused_or_read({"mnist.npz", 200, 250});
  }
}
#endif

#if QMNIST_HAS_IMAGES
TEST_F(DamagedFilesTest, Pictures) {
  write("0/1.png", test::grey_png(test::random_levels(1)));
  write("1/1.png", test::grey_png(test::random_levels(2)));
  expect_refused_or_read({"1/1.png", 41});
}
#endif

}  // namespace
}  // namespace qmnist
