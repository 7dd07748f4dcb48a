#include "host/data/known_sets.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/sha256.h"
#include "host/utf8.h"
#include "tests/support/data_checks.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

constexpr std::array kFourFiles{"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
const char* const kDebiansFashion = "/usr/share/datasets/fashion-mnist";

std::string unpacked(const fs::path& path) {
  gzFile_s* const file = gzopen(path.c_str(), "rb");
  std::string content;
  std::string block(std::size_t{1} << 20U, '\0');
  for (int got = 0; (got = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;) {
    content.append(block, 0, static_cast<std::size_t>(got));
  }
  EXPECT_EQ(gzclose(file), Z_OK);
  return content;
}

/// The four files in `folder`, of which those whose bit in `plain` is set are unpacked first.
class KnownFilesTest : public testing::Test {
 protected:
  void take_from(const fs::path& folder, unsigned plain) const {
    for (std::size_t i = 0; i < kFourFiles.size(); ++i) {
      const std::string name = kFourFiles.at(i);
      const fs::path packed = folder / (name + ".gz");
      fs::remove(folder_ / name);
      fs::remove(folder_ / (name + ".gz"));
      if ((plain >> i & 1U) == 0) {
        fs::create_symlink(packed, folder_ / (name + ".gz"));
      } else {
        test::write_file(folder_ / name, unpacked(packed));
      }
    }
  }
  [[nodiscard]] Dataset load() const { return load_dataset({.dir = folder_.path()}); }

  test::TemporaryFolder folder_;
};

TEST_F(KnownFilesTest, ShippedFilesAreMnists) {
  for (const unsigned plain : {0U, 15U, 6U}) {
    take_from(test::source_dir() / "data", plain);
    const Dataset dataset = load();
    EXPECT_EQ(dataset.name, "MNIST");
    EXPECT_EQ(dataset.classes, numbered_classes(10));
    EXPECT_TRUE(dataset.has_known_classes);
    EXPECT_TRUE(dataset.is_mnist);
  }
  const Dataset part = load_data(folder_ / kFourFiles[2]);
  EXPECT_EQ(part.name, kFourFiles[2]);
  EXPECT_TRUE(part.has_known_classes);
  EXPECT_TRUE(part.is_mnist);
}

TEST_F(KnownFilesTest, OneChangedFileMakesTheSetUnknown) {
  take_from(test::source_dir() / "data", 8);
  std::string labels = test::read_file(folder_ / kFourFiles[3]);
  labels.back() = labels.back() == '\0' ? '\1' : '\0';
  test::write_file(folder_ / kFourFiles[3], labels);
  const Dataset dataset = load();
  EXPECT_EQ(dataset.name, "IDX files, 10 classes");
  EXPECT_FALSE(dataset.has_known_classes);
  EXPECT_FALSE(dataset.is_mnist);
}

TEST_F(KnownFilesTest, FashionMnistUnderMnistsNamesIsNamed) {
  if (!fs::exists(kDebiansFashion)) {
    GTEST_SKIP() << "Debian's package dataset-fashion-mnist is not installed";
  }
  for (const unsigned plain : {0U, 15U}) {
    take_from(kDebiansFashion, plain);
    const Dataset dataset = load();
    EXPECT_EQ(dataset.source, "mnist");
    EXPECT_EQ(dataset.name, "Fashion-MNIST");
    EXPECT_EQ(dataset.classes, fashion_mnist_info().classes);
    EXPECT_TRUE(dataset.has_known_classes);
    EXPECT_FALSE(dataset.is_mnist);
  }
}

std::string name_of_files(const std::vector<std::string>& sums) {
  std::vector<DataFile> files;
  files.reserve(sums.size());
  for (const std::string& sum : sums) {
    files.push_back({"a file", sum});
  }
  const std::optional<SetInfo> info = find_known_set(files);
  return info ? info->name : "";
}

// MD5 of these files, by their distributors: f68b3c2d..., d53e105e... (MNIST); 8d4fb7e6...,
// 25c81989... (Fashion-MNIST); bdb82020..., e144d726... (KMNIST).
TEST(KnownSetsTest, PublishedFilesAreKnown) {
  const std::string mnist_images =
      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609";
  const std::string mnist_labels =
      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c";
  const std::string fashion_images =
      "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84";
  const std::string fashion_labels =
      "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845";
  const std::string kmnist_images =
      "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4";
  const std::string kmnist_labels =
      "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17";
  EXPECT_EQ(name_of_files({mnist_images, mnist_labels}), "MNIST");
  EXPECT_EQ(name_of_files({fashion_images, fashion_labels}), "Fashion-MNIST");
  EXPECT_EQ(name_of_files({kmnist_images, kmnist_labels}), "KMNIST");
  EXPECT_EQ(name_of_files({"731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"}),
            "MNIST (Keras)");
  EXPECT_EQ(name_of_files({mnist_images, fashion_labels}), "");
  EXPECT_EQ(name_of_files({kmnist_images, std::string(64, '0')}), "");
  EXPECT_EQ(name_of_files({""}), "");
}

TEST(KnownSetsTest, ClassesHaveNamesOfTheirOwn) {
  struct Case {
    SetInfo info;
    std::size_t classes;
  };
  for (const auto& [info, count] : {Case{mnist_info(), 10}, Case{fashion_mnist_info(), 10},
                                    Case{kmnist_info(), 10}, Case{kuzushiji_49_info(), 49}}) {
    EXPECT_EQ(std::set(info.classes.begin(), info.classes.end()).size(), count) << info.name;
    for (const std::string& name : info.classes) {
      EXPECT_TRUE(is_class_name(name)) << name;
    }
  }
}

// SHA-256 of k49_classmap.csv (697 bytes, MD5 f7d0d0391f68bdf0fe4cf160ceb85753) and of
// kmnist_classmap.csv (151 bytes, MD5 899202f6e8dc29a321ac210a03d0f2f1), published with the sets.
TEST(KnownSetsTest, KuzushijiHasTheNamesOfItsClassmaps) {
  const test::TemporaryFolder folder;
  const auto digest = [&](const ClassNames& classes) {
    std::string map = "index,codepoint,char\n";
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto code_point = static_cast<unsigned>(to_utf32(classes[i]).at(0));
      map += fmt::format("{},U+{:04X},{}\n", i, code_point, classes[i]);
    }
    test::write_file(folder / "map", map);
    return sha256_of_file(folder / "map");
  };
  EXPECT_EQ(digest(kuzushiji_49_info().classes),
            "95f5a2cfbfba1721f566059cf77c22808898b63044a5f9a08de9d8a2950eed84");
  EXPECT_EQ(digest(kmnist_info().classes),
            "88ba4be4bd52d986ae100b425d5c28437c81829c87800c5832a2253edc758374");
}

TEST(KnownSetsTest, LabelsOfSetsKnownByNameAreTheirClasses) {
  const test::TemporaryFolder folder;
  std::string row = "10";
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    row += ",0";
  }
  test::write_file(folder / "fashion-mnist_train.csv", row);
  test::write_file(folder / "train.csv", row);
  const auto error = [&](std::string_view name) {
    return test::data_error_of([&] { (void)load_data(folder / name); });
  };
  EXPECT_EQ(error("fashion-mnist_train.csv"),
            (folder / "fashion-mnist_train.csv").string() +
                ": line 1: the label of image 0 is 10; expected 0 to 9");
  EXPECT_EQ(load_data(folder / "train.csv").classes.size(), 11U);
}

}  // namespace
}  // namespace qmnist
