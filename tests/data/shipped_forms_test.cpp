// The shipped digits in the forms that other people's files have are the same digits.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>

#include "host/data/dataset.h"
#include "tests/support/data_checks.h"
#include "tests/support/npy_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

class ShippedFormsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    mnist_set = load_dataset({.source = "mnist", .dir = test::source_dir() / "data"});
  }
  static void TearDownTestSuite() { mnist_set = {}; }

  [[nodiscard]] static std::span<const std::uint8_t> pixels(std::size_t part) {
    const std::span all(mnist_set.pixels);
    const std::size_t first = mnist_set.parts.at(0).count * kPixels;
    return part == 0 ? all.first(first) : all.subspan(first);
  }
  [[nodiscard]] static std::span<const std::uint8_t> labels(std::size_t part) {
    const std::span all(mnist_set.labels);
    return part == 0 ? all.first(mnist_set.parts.at(0).count)
                     : all.subspan(mnist_set.parts.at(0).count);
  }

  /// Expects the digits in the folder, of which `source` is found.
  void expect_digits(std::string_view source) const {
    const Dataset dataset = load_dataset({.dir = folder_.path()});
    EXPECT_EQ(dataset.source, source);
    test::expect_same_digits(dataset, mnist_set);
  }

  /// Gives MNIST's file another name, too.
  void link(std::string_view file, std::string_view name) const {
    fs::create_symlink(test::source_dir() / "data" / file, folder_ / name);
  }

  test::TemporaryFolder folder_;

 private:
  static Dataset mnist_set;
};

Dataset ShippedFormsTest::mnist_set;

TEST_F(ShippedFormsTest, DottedIdx) {
  link("train-images-idx3-ubyte.gz", "train-images.idx3-ubyte.gz");
  link("train-labels-idx1-ubyte.gz", "train-labels.idx1-ubyte.gz");
  link("t10k-images-idx3-ubyte.gz", "t10k-images.idx3-ubyte.gz");
  link("t10k-labels-idx1-ubyte.gz", "t10k-labels.idx1-ubyte.gz");
  expect_digits("mnist");
}

TEST_F(ShippedFormsTest, Csv) {
  std::array<std::string, 256> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields.at(i) = fmt::format(",{}", i);
  }
  for (const std::size_t part : {0U, 1U}) {
    std::string file;
    for (std::size_t image = 0; image < labels(part).size(); ++image) {
      file += fmt::to_string(labels(part)[image]);
      for (const std::uint8_t level : pixels(part).subspan(image * kPixels, kPixels)) {
        file += fields.at(level);
      }
      file += '\n';
    }
    test::write_file(folder_ / (part == 0 ? "mnist_train.csv" : "mnist_test.csv"), file);
  }
  expect_digits("csv");
}

TEST_F(ShippedFormsTest, Npy) {
  for (const std::size_t part : {0U, 1U}) {
    const char* const name = part == 0 ? "train" : "test";
    const std::size_t count = labels(part).size();
    test::write_file(folder_ / fmt::format("x_{}.npy", name),
                     test::npy_file({count, 28, 28}, pixels(part)));
    test::write_file(folder_ / fmt::format("y_{}.npy", name),
                     test::npy_file({count}, labels(part)));
  }
  expect_digits("npy");
}

}  // namespace
}  // namespace qmnist
