// data.images, data.labels, data.test_images and data.test_labels.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
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
using Bytes = std::vector<std::uint8_t>;
using Kind = DataPart::Kind;

class NamedFilesTest : public testing::Test {
 protected:
  /// IDX images of one level each, and labels.
  void write_idx(std::string_view images, std::string_view labels, const Bytes& levels) const {
    std::string pixels;
    for (const std::uint8_t level : levels) {
      pixels.append(kPixels, static_cast<char>(level));
    }
    test::write_file(folder_ / images, test::idx_images(pixels));
    test::write_file(folder_ / labels, test::idx_labels({"\0\1\2\3\4\5\6\7", levels.size()}));
  }
  void write_npy(std::string_view images, std::string_view labels, std::uint8_t level) const {
    test::write_file(folder_ / images, test::npy_file({1, 784}, Bytes(kPixels, level)));
    test::write_file(folder_ / labels, test::npy_file({1}, Bytes{3}));
  }
  void write_csv(std::string_view name, int label, int level) const {
    std::string file = fmt::to_string(label);
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      file += fmt::format(",{}", level);
    }
    test::write_file(folder_ / name, file);
  }
  [[nodiscard]] DataSettings settings(const fs::path& images, const fs::path& labels = {},
                                      const fs::path& test_images = {},
                                      const fs::path& test_labels = {}) const {
    return {.dir = folder_.path(),
            .images = images,
            .labels = labels,
            .test_images = test_images,
            .test_labels = test_labels};
  }

  test::TemporaryFolder folder_;
};

/// The level of each image.
Bytes levels_of(const Dataset& dataset) {
  Bytes levels;
  for (std::size_t image = 0; image < dataset.count(); ++image) {
    levels.push_back(dataset.view().image(image).front());
    EXPECT_EQ(std::ranges::count(dataset.view().image(image), levels.back()), kPixels);
  }
  return levels;
}

TEST_F(NamedFilesTest, AreReadWithoutASearch) {
  write_idx("mine.bin", "my labels", {7, 8, 9});
  write_idx("train-images-idx3-ubyte", "train-labels-idx1-ubyte", {1});
  const Dataset dataset = load_dataset(settings("mine.bin", "my labels"));
  EXPECT_EQ(dataset.source, "");
  EXPECT_EQ(dataset.name, "IDX files, 3 classes");
  EXPECT_EQ(levels_of(dataset), (Bytes{7, 8, 9}));
  EXPECT_EQ(dataset.labels, (Bytes{0, 1, 2}));
  ASSERT_EQ(dataset.parts.size(), 1U);
  EXPECT_EQ(dataset.parts[0].kind, Kind::kOther);
  ASSERT_EQ(dataset.files.size(), 2U);
  EXPECT_EQ(dataset.files[0].path, folder_ / "mine.bin");
  EXPECT_EQ(dataset.files[1].path, folder_ / "my labels");
}

TEST_F(NamedFilesTest, TestImagesMakeAnOfficialSplit) {
  write_idx("a", "b", {1, 2, 3});
  write_idx("c", "d", {4, 5});
  const Dataset dataset = load_dataset(settings("a", "b", "c", "d"));
  EXPECT_EQ(levels_of(dataset), (Bytes{1, 2, 3, 4, 5}));
  EXPECT_EQ(dataset.labels, (Bytes{0, 1, 2, 0, 1}));
  ASSERT_EQ(dataset.parts.size(), 2U);
  EXPECT_EQ(dataset.parts[0].kind, Kind::kTraining);
  EXPECT_EQ(dataset.parts[1].kind, Kind::kTest);
  EXPECT_EQ(dataset.parts[1].count, 2U);
}

TEST_F(NamedFilesTest, FormatsMayDiffer) {
  write_csv("mine.csv", 1, 20);
  write_npy("other.npy", "other labels.npy", 30);
  const Dataset dataset = load_dataset(settings("mine.csv", {}, "other.npy", "other labels.npy"));
  EXPECT_EQ(dataset.name, "CSV files, 4 classes");
  EXPECT_EQ(levels_of(dataset), (Bytes{20, 30}));
  EXPECT_EQ(dataset.labels, (Bytes{1, 3}));
}

TEST_F(NamedFilesTest, LabelsBesideImagesNeedNoKey) {
  write_idx("my-images-idx3-ubyte", "my-labels-idx1-ubyte", {5, 6});
  write_npy("x_new.npy", "y_new.npy", 30);
  const Dataset dataset = load_dataset(settings("my-images-idx3-ubyte", {}, "x_new.npy"));
  EXPECT_EQ(dataset.labels, (Bytes{0, 1, 3}));
}

TEST_F(NamedFilesTest, KerassFileHasBothParts) {
  if (QMNIST_HAS_NPZ == 0) {
    GTEST_SKIP() << "this build has no libzip";
  }
  const fs::path fixtures = test::source_dir() / "tests/fixtures/numpy";
  const Dataset dataset = load_dataset({.dir = fixtures, .images = "keras_deflated.npz"});
  EXPECT_EQ(dataset.name, "npz files, 9 classes");
  ASSERT_EQ(dataset.parts.size(), 2U);
  EXPECT_EQ(dataset.parts[0].kind, Kind::kTraining);
  EXPECT_EQ(dataset.parts[1].kind, Kind::kTest);
  const Dataset pair = load_dataset(
      {.dir = fixtures, .images = "k49-test-imgs.npz", .labels = "k49-test-labels.npz"});
  EXPECT_EQ(pair.name, "Kuzushiji-49");
}

TEST_F(NamedFilesTest, ChooseOneOfEmnistsSets) {
  for (const char* split : {"letters", "balanced"}) {
    for (const char* part : {"train", "test"}) {
      const std::string start = fmt::format("emnist-{}-{}", split, part);
      std::string pixels(kPixels, '\0');
      pixels[1] = '\x09';
      test::write_file(folder_ / (start + "-images-idx3-ubyte"), test::idx_images(pixels));
      test::write_file(folder_ / (start + "-labels-idx1-ubyte"), test::idx_labels("\1"));
    }
  }
  const Dataset dataset = load_dataset(settings("emnist-letters-train-images-idx3-ubyte", {},
                                                "emnist-letters-test-images-idx3-ubyte"));
  EXPECT_EQ(dataset.name, "EMNIST letters");
  EXPECT_EQ(dataset.classes.size(), 26U);
  EXPECT_EQ(dataset.labels, (Bytes{0, 0}));
  EXPECT_EQ(dataset.pixels.at(kImageSide), 9);
}

TEST_F(NamedFilesTest, AreRecognised) {
  const fs::path shipped = test::source_dir() / "data";
  const Dataset dataset = load_dataset({.dir = folder_.path(),
                                        .images = shipped / "t10k-images-idx3-ubyte.gz",
                                        .labels = shipped / "t10k-labels-idx1-ubyte.gz"});
  EXPECT_EQ(dataset.name, "MNIST");
  EXPECT_TRUE(dataset.is_mnist);
}

TEST_F(NamedFilesTest, KeysThatDoNotGoTogetherAreRefused) {
  write_idx("a-images-idx3-ubyte", "a-labels-idx1-ubyte", {1});
  write_idx("emnist-digits-test-images-idx3-ubyte", "emnist-digits-test-labels-idx1-ubyte", {1});
  write_csv("a.csv", 1, 20);
  const auto refusal = [](const DataSettings& wrong) {
    try {
      (void)load_dataset(wrong);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(settings("", "b")),
            "data.labels is \"b\", but data.images is empty; name the images, too");
  EXPECT_EQ(refusal(settings("", {}, "c")),
            "data.test_images is \"c\", but data.images is empty; name the images, too");
  EXPECT_EQ(refusal(settings("a-images-idx3-ubyte", {}, {}, "d")),
            "data.test_labels is \"d\", but data.test_images is empty; name the images, too");
  EXPECT_EQ(refusal(settings("a.csv", "b")),
            "data.labels is \"b\", but a.csv is a CSV file, which has its labels itself; leave it "
            "out");
  DataSettings with_source = settings("a.csv");
  with_source.source = "csv";
  EXPECT_EQ(refusal(with_source),
            "data.images is \"a.csv\" and data.source \"csv\"; set data.source to \"auto\", as the "
            "files are named");
  const std::string folder = folder_.path().string();
  EXPECT_EQ(refusal(settings("a-images-idx3-ubyte", {}, "emnist-digits-test-images-idx3-ubyte")),
            fmt::format("{0}/emnist-digits-test-images-idx3-ubyte: the set that its name tells is "
                        "EMNIST digits, that of {0}/a-images-idx3-ubyte is none; expected one set",
                        folder));
  EXPECT_EQ(
      refusal(settings("a-images-idx3-ubyte", {}, "nowhere")),
      folder + "/nowhere: is not a file; set data.test_images to the name of one in data.dir");
  EXPECT_EQ(refusal(settings("a-images-idx3-ubyte", "nowhere")),
            folder + "/nowhere: cannot be read: No such file or directory; expected a data file");
  fs::remove(folder_ / "a-labels-idx1-ubyte");
  EXPECT_EQ(refusal(settings("a-images-idx3-ubyte")),
            folder +
                "/a-images-idx3-ubyte: has no labels in its folder; expected a-labels-idx1-ubyte; "
                "data.labels names others");
}

}  // namespace
}  // namespace qmnist
