// Folders of pictures by class, such as mnist_png.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "host/data/data_sources.h"
#include "host/data/dataset.h"
#include "host/data/sha256.h"
#include "host/data/split.h"
#include "tests/support/data_checks.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using Levels = std::vector<std::uint8_t>;
using Kind = DataPart::Kind;

bool detects(const fs::path& folder) {
  return std::ranges::find(data_sources(), "folders", &DataSource::name)->detect(folder);
}

class PictureFoldersTest : public testing::Test {
 protected:
  void write(const fs::path& path, std::string_view content) const {
    test::write_file(folder_.path() / path, content);
  }
  /// Writes a picture of test::random_levels(seed).
  void write_picture(const fs::path& path, std::uint32_t seed = 0) const {
    write(path, test::grey_png(test::random_levels(seed)));
  }
  [[nodiscard]] Dataset load(std::string_view below = "") const {
    return load_dataset({.source = "folders", .dir = folder_ / below});
  }
  [[nodiscard]] bool is_detected() const { return detects(folder_.path()); }
  /// Expects a DataError that names that path and then says so.
  void expect_error(const fs::path& path, std::string_view words) const {
    const std::string message = test::data_error_of([&] { (void)load(); });
    const std::string start = (folder_.path() / path).string() + ": ";
    EXPECT_TRUE(message.starts_with(start)) << message << "\nis not about " << start;
    EXPECT_NE(message.find(words), std::string::npos) << message << "\nlacks " << words;
  }
  static void expect_pictures(const Dataset& dataset, const std::vector<std::uint32_t>& seeds) {
    Levels pixels;
    for (const std::uint32_t seed : seeds) {
      const Levels levels = test::random_levels(seed);
      pixels.insert(pixels.end(), levels.begin(), levels.end());
    }
    EXPECT_TRUE(dataset.pixels == pixels);
  }

  test::TemporaryFolder folder_;
};

TEST_F(PictureFoldersTest, NumbersOverAllClassesAreTheOrder) {
  // As mnist_png: names are the places in MNIST's files.
  const Levels training_labels{3, 0, 12, 3, 0, 7, 7, 3, 3, 0, 12, 7};
  const Levels test_labels{7, 12, 3};
  const ClassNames names{"0", "3", "7", "12"};
  for (const auto& [training, testing, form] :
       {std::tuple("training", "testing", "{}.png"),
        {"train", "test", "{:05}.PNG"},
        {"training", "test", "000000000000000000000{}.png"}}) {
    SCOPED_TRACE(form);
    fs::remove_all(folder_.path());
    Dataset expected;
    expected.parts = {{Kind::kTraining, 12}, {Kind::kTest, 3}};
    for (const auto& [part, labels] :
         {std::pair(training, training_labels), {testing, test_labels}}) {
      for (std::size_t i = 0; i < labels.size(); ++i) {
        const Levels levels = test::random_levels(static_cast<std::uint32_t>(expected.count()));
        write(fs::path(part) / fmt::to_string(labels[i]) / fmt::format(fmt::runtime(form), i),
              test::grey_png(levels));
        expected.pixels.insert(expected.pixels.end(), levels.begin(), levels.end());
        expected.labels.push_back(static_cast<std::uint8_t>(
            std::ranges::find(names, fmt::to_string(labels[i])) - names.begin()));
      }
    }
    const Dataset dataset = load();
    test::expect_same_digits(dataset, expected);
    EXPECT_EQ(dataset.source, "folders");
    EXPECT_EQ(dataset.classes, names);
    EXPECT_TRUE(dataset.has_known_classes);
    EXPECT_EQ(dataset.name, folder_.path().filename().string() + " (pictures)");
    EXPECT_EQ(official_split(dataset, 0, 0).test, (std::vector<std::uint32_t>{12, 13, 14}));
  }
}

TEST_F(PictureFoldersTest, OtherNamesAreSortedClassByClass) {
  write_picture("cat/10.png", 3);
  write_picture("cat/9.png", 2);
  write_picture("cat/009.bmp.png", 4);  // no number, so this class is sorted bytewise
  write_picture("Dog/10.png", 1);
  write_picture("Dog/9.png", 0);
  const Dataset dataset = load();
  EXPECT_EQ(dataset.classes, (ClassNames{"Dog", "cat"}));
  EXPECT_EQ(dataset.labels, (Levels{0, 0, 1, 1, 1}));
  expect_pictures(dataset, {0, 1, 4, 3, 2});
  ASSERT_EQ(dataset.parts.size(), 1U);
  EXPECT_EQ(dataset.parts[0].kind, Kind::kOther);
  EXPECT_EQ(dataset.parts[0].count, 5U);

  fs::remove(folder_ / "cat/009.bmp.png");
  expect_pictures(load(), {0, 1, 2, 3});  // numbers, but not different ones
  fs::rename(folder_ / "cat/9.png", folder_ / "cat/8.png");
  fs::rename(folder_ / "cat/10.png", folder_ / "cat/011.png");
  expect_pictures(load(), {2, 0, 1, 3});
  fs::rename(folder_ / "cat/8.png", folder_ / "cat/0009.png");
  expect_pictures(load(), {0, 1, 2, 3});
}

TEST_F(PictureFoldersTest, ClassesAreSortedAsNumbersIfAllAre) {
  for (const char* name : {"10", "9", "007"}) {
    write_picture(fs::path(name) / "a.png");
  }
  EXPECT_EQ(load().classes, (ClassNames{"007", "9", "10"}));
  write_picture("9a/a.png");
  EXPECT_EQ(load().classes, (ClassNames{"007", "10", "9", "9a"}));
  for (const char* path : {"training/9/a.png", "training/9a/a.png", "training/10/a.png",
                           "testing/9/a.png", "testing/10/a.png"}) {
    write_picture(path);
  }
  EXPECT_EQ(load().labels, (Levels{0, 1, 2, 0, 1}));
  fs::remove_all(folder_ / "training");
  fs::remove_all(folder_ / "testing");
  write_picture("Ä ö/a.png");
  EXPECT_EQ(load().classes.back(), "Ä ö");
}

TEST_F(PictureFoldersTest, TheTestPartMayHaveFewerClasses) {
  for (const char* path : {"train/a/1.png", "train/b/2.png", "train/c/3.png", "test/c/1.png"}) {
    write_picture(path);
  }
  EXPECT_EQ(load().labels, (Levels{0, 1, 2, 2}));
  write_picture("test/d/2.png");
  expect_error("test/d", "is none of the training part's classes, 3 (a, b, c); expected one of");
  fs::remove_all(folder_ / "test/d");
  fs::remove_all(folder_ / "test/c");
  expect_error("test", "has no folders of pictures; expected one for each class");
  fs::remove_all(folder_ / "test");
  EXPECT_EQ(load().parts.size(), 1U);
  EXPECT_EQ(load().parts.at(0).kind, Kind::kTraining);
  write_picture("training/a/2.png");
  expect_error("", "holds training and train; expected one of them");
}

TEST_F(PictureFoldersTest, AClassMayHaveAPartsName) {
  write_picture("train/1.png", 2);
  write_picture("bus/1.png", 1);
  EXPECT_EQ(load().classes, (ClassNames{"bus", "train"}));
  EXPECT_TRUE(is_detected());
}

TEST_F(PictureFoldersTest, WhatIsNoPictureIsIgnored) {
  write_picture("0/1.png", 1);
  write_picture("1/2.png", 2);
  const Dataset before = load();
  for (const char* path : {"picture.png", "0/.hidden.png", "0/Thumbs.db", "0/labels.txt", "0/png",
                           "0/below.png/3.png", ".hidden/3.png", "1/.DS_Store"}) {
    write(path, "no picture");
  }
  // Charts of a training run and of a sweep.
  write("run/report.html", "");
  write("run/curves.png", "");
  write("sweep/sweep.html", "");
  write("sweep/results.png", "");
  const Dataset dataset = load();
  EXPECT_EQ(dataset.labels, before.labels);
  EXPECT_EQ(dataset.pixels, before.pixels);
  EXPECT_EQ(dataset.files.at(0).sha256, before.files.at(0).sha256);
}

TEST_F(PictureFoldersTest, FoldersThatAreNoClassesAreNamed) {
  expect_error("", "has 0 folders of pictures; expected one for each of 2 to 256 classes");
  write_picture("0/1.png");
  expect_error("", "has 1 folders of pictures");
  write("2/notes.txt", "");
  expect_error("2", "contains no images; expected files that end in .png, .jpg, .jpeg, .tif, ");
  fs::create_symlink("nothing", folder_ / "2/1.png");
  expect_error("2/1.png", "cannot be read: No such file or directory; expected an image");
  fs::remove_all(folder_ / "2");
  fs::create_symlink("2", folder_ / "2");
  expect_error("2", "cannot be read: Too many levels of symbolic links; expected a folder of");
  fs::remove(folder_ / "2");
  fs::create_symlink("..", folder_ / "0/above");
  fs::create_symlink("0", folder_ / "2");
  EXPECT_EQ(load().labels, (Levels{0, 1}));
  fs::create_symlink(".", folder_ / "train");
  EXPECT_FALSE(test::data_error_of([&] { (void)load("train"); }).empty());
}

TEST_F(PictureFoldersTest, HostileNamesAreRefused) {
  write_picture("0/\n\xFF.png");
  write_picture("1/%s{}.png");
  EXPECT_EQ(load().labels, (Levels{0, 1}));
  for (const auto& [name, shown] : {std::pair("1\n2"s, "1?2"s),
                                    {"1\xFF", "1?"},
                                    {std::string(65, '2'), std::string(60, '2')}}) {
    write_picture(fs::path(name) / "1.png");
    expect_error("", fmt::format("the folder {}", shown));
    fs::remove_all(folder_ / name);
  }
  for (int name = 0; name <= 256; ++name) {
    write_picture(fs::path(fmt::to_string(name)) / "1.png");
  }
  expect_error("", "has 257 folders of pictures");
}

TEST_F(PictureFoldersTest, APartHasTheChecksumOfItsNamesAndContents) {
  write_picture("training/0/2.png", 1);
  write_picture("training/1/1.png", 2);
  write_picture("testing/0/1.png", 3);
  const auto line = [](const char* path, std::uint32_t seed) {
    return fmt::format("{}  {}{}", sha256_of(test::grey_png(test::random_levels(seed))), path,
                       '\0');
  };
  const std::vector<DataFile> files = load().files;
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, folder_ / "training");
  EXPECT_EQ(files[0].sha256, sha256_of(line("0/2.png", 1) + line("1/1.png", 2)));
  EXPECT_EQ(files[1].path, folder_ / "testing");
  EXPECT_EQ(files[1].sha256, sha256_of(line("0/1.png", 3)));
  fs::rename(folder_ / "training/0/2.png", folder_ / "training/0/3.png");
  EXPECT_EQ(load().files[0].sha256, sha256_of(line("0/3.png", 1) + line("1/1.png", 2)));
  for (const char* form : {"testing/../training", "training/", "training/."}) {
    EXPECT_EQ(load(form).name, "training (pictures)");
    EXPECT_EQ(load(form).files.at(0).path, folder_ / "training");
    EXPECT_EQ(load(form).files.at(0).sha256, load().files[0].sha256);
  }
}

TEST_F(PictureFoldersTest, AreDetectedByTheirFirstPictures) {
  const auto detected_with = [&](const fs::path& path) {
    write(path, "");  // is not read
    return is_detected();
  };
  EXPECT_FALSE(is_detected());
  EXPECT_FALSE(detected_with("1.png"));
  EXPECT_FALSE(detected_with("0/1.png"));
  write("run/report.html", "");
  EXPECT_FALSE(detected_with("run/curves.png"));
  EXPECT_FALSE(detected_with("notes/1.txt"));
  EXPECT_FALSE(detected_with("unrelated/1/1.png"));
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_FALSE(is_detected());
  EXPECT_TRUE(detected_with("1/1.jpeg"));

  fs::remove_all(folder_.path());
  EXPECT_FALSE(detected_with("testing/0/1.png"));
  EXPECT_TRUE(detected_with("testing/1/1.png"));
  EXPECT_FALSE(detects(test::source_dir() / "data"));
  EXPECT_FALSE(detects(folder_ / "nothing"));
}

TEST_F(PictureFoldersTest, AutoTakesThemIfTheyAreAlone) {
  write_picture("0/1.png", 1);
  write_picture("1/2.png", 2);
  EXPECT_EQ(load_dataset({.dir = folder_.path()}).source, "folders");
  write("train.csv", "");
  const std::string message =
      test::data_error_of([&] { (void)load_dataset({.dir = folder_.path()}); });
  EXPECT_NE(message.find("holds several data sets; set data.source to csv or folders"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace qmnist
