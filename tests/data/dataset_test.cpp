#include "host/data/dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/data_sources.h"
#include "host/data/sha256.h"
#include "host/error.h"
#include "tests/support/idx_files.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/npy_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using Bytes = std::vector<std::uint8_t>;

constexpr std::array kMnistFiles{"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
constexpr std::array kQmnistFiles{"qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int",
                                  "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"};

std::string zeros(char type, const std::vector<std::int64_t>& sizes) {
  std::size_t bytes = type == '\x0C' ? 4 : 1;
  for (const std::int64_t size : sizes) {
    bytes *= static_cast<std::size_t>(size);
  }
  return test::idx_file(type, sizes, std::string(bytes, '\0'));
}

/// Images of which each is filled with its own grey level, from `first` on.
std::string images(std::int64_t count, int first) {
  std::string pixels;
  for (std::int64_t i = 0; i < count; ++i) {
    pixels.append(kPixels, static_cast<char>(first + i));
  }
  return test::idx_images(pixels);
}

std::string qmnist_labels(const std::vector<std::int64_t>& digits) {
  std::string values;
  for (const std::int64_t digit : digits) {
    values +=
        test::big_endian(digit) + std::string(28, '\xFF');  // seven columns that say nothing here
  }
  return test::idx_file('\x0C', {static_cast<std::int64_t>(digits.size()), 8}, values);
}

/// The pixels of an image of one grey level behind its label in a CSV file.
std::string csv_row(int level) {
  std::string row;
  for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
    row += fmt::format(",{}", level);
  }
  return row + "\n";
}

void write_gzip(const fs::path& path, const std::string& content) {
  gzFile_s* const file = gzopen(path.c_str(), "wb");
  EXPECT_GT(gzwrite(file, content.data(), static_cast<unsigned>(content.size())), 0);
  EXPECT_EQ(gzclose(file), Z_OK);
}

/// The message of the DataError that loading ends in.
std::string dataset_error(const fs::path& folder, std::string_view source) {
  try {
    (void)load_dataset({.source = std::string(source), .dir = folder});
  } catch (const DataError& error) {
    EXPECT_EQ(error.status(), ExitStatus::kData);
    return error.what();
  }
  ADD_FAILURE() << "there was no DataError";
  return "";
}

class DatasetTest : public testing::Test {
 protected:
  void write(std::string_view name, const std::string& content) const {
    test::write_file(folder_ / name, content);
  }
  void write_mnist() const {
    write(kMnistFiles[0], images(3, 10));
    write(kMnistFiles[1], test::idx_labels("\5\0\7"s));
    write(kMnistFiles[2], images(2, 200));
    write(kMnistFiles[3], test::idx_labels("\1\x09"s));
  }
  void write_qmnist() const {
    write(kQmnistFiles[0], images(2, 30));
    write(kQmnistFiles[1], qmnist_labels({4, 0}));
    write(kQmnistFiles[2], images(3, 40));
    write(kQmnistFiles[3], qmnist_labels({9, 2, 6}));
  }
  void write_emnist(std::string_view split) const {
    const auto name = [&](std::string_view rest) {
      return fmt::format("emnist-{}-{}", split, rest);
    };
    write(name("train-images-idx3-ubyte"), images(2, 60));
    write(name("train-labels-idx1-ubyte"), test::idx_labels("\6\2"s));
    write(name("test-images-idx3-ubyte"), images(1, 90));
    write(name("test-labels-idx1-ubyte"), test::idx_labels("\3"s));
  }
  void write_csv(std::string_view training, std::string_view test) const {
    write(training, "4" + csv_row(20) + "1" + csv_row(21));
    if (!test.empty()) {
      write(test, "8" + csv_row(50));
    }
  }
  void write_npy(std::string_view images_name, std::string_view labels_name,
                 const Bytes& digits) const {
    const std::uint64_t count = digits.size();
    write(images_name, test::npy_file({count, 28, 28}, Bytes(count * kPixels, 9)));
    write(labels_name, test::npy_file({count}, digits));
  }
  void write_npy() const {
    write_npy("x_train.npy", "y_train.npy", {3, 1});
    write_npy("x_test.npy", "y_test.npy", {4});
  }
  void write_npz() const {
    const char* const name = "tests/fixtures/numpy/keras_deflated.npz";
    fs::copy_file(test::source_dir() / name, folder_ / "mnist.npz");
  }
  void write_kaggle() const {
    constexpr auto kName = "python3_numpy2_protocol5_little_i4_C.pkl";
    fs::copy_file(test::source_dir() / "tests/fixtures/pickle" / kName, folder_ / "MNIST-120k");
  }
  void write_folders() const {
    for (const char* name : {"0/1.png", "1/2.png"}) {
      write(name, test::grey_png(Bytes(kPixels, 9)));
    }
  }
  [[nodiscard]] Dataset load(std::string_view source = kAutoSource) const {
    return load_dataset({.source = std::string(source), .dir = folder_.path()});
  }

  /// Expects a DataError that names the file (where that is empty, the folder) and has the words.
  void expect_error(std::string_view source, std::string_view name, std::string_view words) const {
    SCOPED_TRACE(words);
    const fs::path place = name.empty() ? folder_.path() : folder_ / name;
    const std::string message = dataset_error(folder_.path(), source);
    EXPECT_TRUE(message.starts_with(place.string() + ": ")) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
  }

  test::TemporaryFolder folder_;
};

/// Expects images as images() fills them.
void expect_levels(const Dataset& dataset, const Bytes& levels) {
  Bytes pixels;
  for (const std::uint8_t level : levels) {
    pixels.insert(pixels.end(), kPixels, level);
  }
  EXPECT_EQ(dataset.count(), levels.size());
  EXPECT_EQ(dataset.pixels, pixels);
}

TEST_F(DatasetTest, ReadsMnistTrainingFilesFirst) {
  write_mnist();
  const Dataset dataset = load("mnist");
  EXPECT_EQ(dataset.source, "mnist");
  EXPECT_EQ(dataset.name, "IDX files, 10 classes");
  EXPECT_FALSE(dataset.has_known_classes);
  EXPECT_FALSE(dataset.is_mnist);
  EXPECT_EQ(dataset.labels, (Bytes{5, 0, 7, 1, 9}));
  expect_levels(dataset, {10, 11, 12, 200, 201});
  ASSERT_EQ(dataset.files.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(dataset.files[i].path, folder_ / kMnistFiles[i]);
  }
  // printf '\0\0\10\1\0\0\0\3\5\0\7' | sha256sum
  EXPECT_EQ(dataset.files[1].sha256,
            "6b307ebd31ec05ed99ebef350d28104c0f7a0c2b19e57800c7b8d7bdca0710e6");
}

TEST_F(DatasetTest, ReadsQmnistTrainingFilesFirst) {
  write_qmnist();
  const Dataset dataset = load("qmnist");
  EXPECT_EQ(dataset.source, "qmnist");
  EXPECT_EQ(dataset.name, "QMNIST");
  EXPECT_TRUE(dataset.is_mnist);
  EXPECT_EQ(dataset.labels, (Bytes{4, 0, 9, 2, 6}));
  expect_levels(dataset, {30, 31, 40, 41, 42});
  ASSERT_EQ(dataset.files.size(), 4U);
  EXPECT_EQ(dataset.files[3].path, folder_ / kQmnistFiles[3]);
}

TEST_F(DatasetTest, ReadsKagglesPickle) {
  write_kaggle();
  const Dataset dataset = load("kaggle");
  EXPECT_EQ(dataset.source, "kaggle");
  EXPECT_EQ(dataset.name, "MNIST-120k (Kaggle)");
  EXPECT_TRUE(dataset.is_mnist);
  EXPECT_EQ(dataset.labels, (Bytes{2, 5, 8}));
  ASSERT_EQ(dataset.pixels.size(), 3 * kPixels);
  EXPECT_EQ(dataset.pixels.back(), 7 * (3 * kPixels - 1) % 256);
  ASSERT_EQ(dataset.files.size(), 1U);
  EXPECT_EQ(dataset.files[0].sha256, sha256_of_file(folder_ / "MNIST-120k"));
}

TEST_F(DatasetTest, ReadsTheDottedNamesOfKaggleAndSevenZip) {
  write_mnist();
  const Dataset dashed = load("mnist");
  std::vector<std::string> dotted;
  for (const std::string name : kMnistFiles) {
    dotted.push_back(std::string(name).replace(name.find("-idx"), 1, "."));
    fs::rename(folder_ / name, folder_ / dotted.back());
  }
  write_gzip(folder_ / (dotted[1] + ".gz"), test::read_file(folder_ / dotted[1]));
  fs::remove(folder_ / dotted[1]);
  const Dataset dataset = load();
  EXPECT_EQ(dataset.source, "mnist");
  EXPECT_EQ(dataset.pixels, dashed.pixels);
  EXPECT_EQ(dataset.labels, dashed.labels);
  EXPECT_EQ(dataset.files[0].path, folder_ / "train-images.idx3-ubyte");
  EXPECT_EQ(dataset.files[1].path, folder_ / "train-labels.idx1-ubyte.gz");

  const Dataset single = load_data(folder_ / "train-images.idx3-ubyte");
  EXPECT_EQ(single.labels, (Bytes{5, 0, 7}));
  EXPECT_EQ(single.parts.at(0).kind, DataPart::Kind::kTraining);
}

TEST_F(DatasetTest, ReadsOneOfEmnistsSets) {
  for (const char* split : {"digits", "mnist", "letters", "balanced", "bymerge", "byclass"}) {
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    write_emnist(split);
    const Dataset dataset = load();
    EXPECT_EQ(dataset.source, "emnist");
    EXPECT_EQ(dataset.name, fmt::format("EMNIST {}", split));
    EXPECT_EQ(dataset.labels, split == "letters"s ? (Bytes{5, 1, 2}) : (Bytes{6, 2, 3}));
    expect_levels(dataset, {60, 61, 90});
    EXPECT_EQ(dataset.parts.at(1).kind, DataPart::Kind::kTest);
  }
  write_emnist("digits");
  expect_error("emnist", "", "holds EMNIST digits and EMNIST byclass; expected one of them");
  fs::remove(folder_ / "emnist-byclass-test-labels-idx1-ubyte");
  EXPECT_EQ(load().name, "EMNIST digits");
  fs::remove_all(folder_ / "emnist-digits-test-images-idx3-ubyte");
  fs::remove_all(folder_ / "emnist-digits-test-labels-idx1-ubyte");
  expect_error("emnist", "",
               "emnist-byclass-test-labels-idx1-ubyte or emnist-byclass-test-labels-");
}

TEST_F(DatasetTest, ReadsCsvFilesByTheirNames) {
  using Names = std::array<const char*, 3>;
  for (const auto& [set, training, test] :
       {Names{"MNIST", "mnist_train.csv", "mnist_test.csv"},
        Names{"Fashion-MNIST", "fashion-mnist_train.csv", "fashion-mnist_test.csv"},
        Names{"CSV files, 5 classes", "train.csv", ""}}) {
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    write_csv(training, test);
    const Dataset dataset = load();
    EXPECT_EQ(dataset.source, "csv");
    EXPECT_EQ(dataset.name, set);
    EXPECT_EQ(dataset.parts.at(0).kind, DataPart::Kind::kTraining);
    EXPECT_EQ(dataset.files.at(0).path, folder_ / training);
    EXPECT_EQ(dataset.files.at(0).sha256, sha256_of_file(folder_ / training));
    EXPECT_EQ(dataset.count(), *test == '\0' ? 2U : 3U);

    const Dataset single = load_data(folder_ / training);
    EXPECT_EQ(single.labels, (Bytes{4, 1}));
    expect_levels(single, {20, 21});
  }
  write_gzip(folder_ / "train.csv.gz", test::read_file(folder_ / "train.csv"));
  fs::remove(folder_ / "train.csv");
  EXPECT_EQ(load("csv").files.at(0).path, folder_ / "train.csv.gz");
  EXPECT_EQ(load_data(folder_ / "train.csv.gz").labels, (Bytes{4, 1}));
  write("mnist_train.csv", "");
  EXPECT_EQ(load("csv").files.at(0).path, folder_ / "train.csv.gz");
  fs::remove(folder_ / "train.csv.gz");
  expect_error("csv", "", "mnist_test.csv or mnist_test.csv.gz is missing; set data.dir");
  write("mnist_test.csv", "");
  expect_error("csv", "mnist_train.csv", "has no images");
}

TEST_F(DatasetTest, ReadsArraysByTheirNames) {
  write_npy();
  EXPECT_EQ(load().labels, (Bytes{3, 1, 4}));
  EXPECT_EQ(load().parts.at(1).kind, DataPart::Kind::kTest);
  EXPECT_EQ(load_data(folder_ / "x_test.npy").labels, (Bytes{4}));
  EXPECT_EQ(load_data(folder_ / "x_test.npy").parts.at(0).kind, DataPart::Kind::kTest);
  fs::remove(folder_ / "x_test.npy");
  expect_error("npy", "", "x_test.npy is missing; set data.dir to the folder that has it");
  write_npy("images.npy", "labels.npy", {7, 7});
  EXPECT_EQ(load().labels, (Bytes{7, 7}));
  EXPECT_EQ(load().parts.at(0).kind, DataPart::Kind::kOther);
  EXPECT_EQ(load().files.at(1).sha256, sha256_of_file(folder_ / "labels.npy"));
  write_npy("train_images.npy", "train_labels.npy", {1});
  write_npy("test_images.npy", "test_labels.npy", {2});
  expect_error("npy", "", "holds train_images.npy and others and images.npy and labels.npy;");
  EXPECT_EQ(load_data(folder_ / "train_images.npy").labels, (Bytes{1}));
  write("labels.npy", test::npy_file({3}, Bytes{1, 2, 3}));
  fs::remove(folder_ / "train_images.npy");
  expect_error("npy", "labels.npy", "byte 0: has shape (3); expected (2) or (2, 1)");
  fs::remove(folder_ / "labels.npy");
  const auto error_of_file = [&](std::string_view name) {
    try {
      (void)load_data(folder_ / name);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(error_of_file("images.npy"), (folder_ / "images.npy").string() +
                                             ": has no labels in its folder; expected labels.npy");
  EXPECT_NE(error_of_file("test_labels.npy").find("has none of images, imgs and x_ in its name"),
            std::string::npos);
}

TEST_F(DatasetTest, AutoChoosesNoneOfDifferentSets) {
  write_mnist();
  write_qmnist();
  write_emnist("letters");
  expect_error(kAutoSource, "",
               "holds several data sets; set data.source to qmnist or emnist, or name a folder");
  EXPECT_EQ(load("mnist").source, "mnist");
}

TEST_F(DatasetTest, SourcesHaveNamesOfTheirOwn) {
  std::vector<std::string_view> expected{"auto"};
  for (const DataSource& source : data_sources()) {
    expected.push_back(source.name);
  }
  EXPECT_EQ(data_source_names(), expected);
  EXPECT_EQ(std::set(expected.begin(), expected.end()).size(), expected.size());
  EXPECT_THROW((void)load("no such source"), UsageError);
}

TEST_F(DatasetTest, SourcesFindNothingInAnEmptyFolder) {
  for (const DataSource& source : data_sources()) {
    SCOPED_TRACE(source.name);
    EXPECT_FALSE(source.detect(folder_.path()));
    if (!source.files.empty()) {
      expect_error(source.name, "", "set data.dir to the folder that has ");
      expect_error(kAutoSource, "", source.files);
    }
  }
}

TEST_F(DatasetTest, EverySourceLoadsItsFiles) {
  const std::map<std::string_view, std::function<void()>> writers{
      {"qmnist", [this] { write_qmnist(); }},
      {"kaggle", [this] { write_kaggle(); }},
      {"mnist", [this] { write_mnist(); }},
      {"emnist", [this] { write_emnist("digits"); }},
      {"csv", [this] { write_csv("mnist_train.csv", "mnist_test.csv"); }},
      {"npz", [this] { write_npz(); }},
      {"npy", [this] { write_npy(); }},
      {"folders", [this] { write_folders(); }}};
  for (const DataSource& source : data_sources()) {
    SCOPED_TRACE(source.name);
    fs::remove_all(folder_.path());
    fs::create_directory(folder_.path());
    if (!source.files.empty()) {
      if ((source.name == "npz" && QMNIST_HAS_NPZ == 0) ||
          (source.name == "folders" && QMNIST_HAS_IMAGES == 0)) {
        continue;
      }
      ASSERT_TRUE(writers.contains(source.name)) << "this test needs a writer of its files";
      writers.at(source.name)();
      EXPECT_TRUE(source.detect(folder_.path()));
      EXPECT_EQ(load().source, source.name);
    }
    const Dataset dataset = load(source.name);
    EXPECT_EQ(dataset.source, source.name);
    EXPECT_FALSE(dataset.name.empty());
    EXPECT_GT(dataset.count(), 0U);
    EXPECT_EQ(dataset.pixels.size(), dataset.count() * kPixels);
    EXPECT_LT(std::ranges::max(dataset.labels), kDigitCount);
    const auto add = [](std::size_t sum, const DataPart& part) { return sum + part.count; };
    EXPECT_EQ(std::accumulate(dataset.parts.begin(), dataset.parts.end(), std::size_t{0}, add),
              dataset.count());
    EXPECT_EQ(dataset.files.empty(), source.files.empty());
    EXPECT_EQ(load(source.name).pixels, dataset.pixels);
  }
}

TEST_F(DatasetTest, ReadsPlainAndPackedFilesMixed) {
  write_mnist();
  const Dataset plain = load();
  for (const char* name : {kMnistFiles[0], kMnistFiles[3]}) {
    write_gzip(folder_ / fmt::format("{}.gz", name), test::read_file(folder_ / name));
    fs::remove(folder_ / name);
  }
  const Dataset mixed = load();
  EXPECT_EQ(mixed.pixels, plain.pixels);
  EXPECT_EQ(mixed.labels, plain.labels);
  EXPECT_EQ(mixed.files[0].path, folder_ / "train-images-idx3-ubyte.gz");
  EXPECT_NE(mixed.files[0].sha256, plain.files[0].sha256);
  EXPECT_EQ(mixed.files[1].sha256, plain.files[1].sha256);
}

TEST_F(DatasetTest, AutoTakesTheLargestCompleteSet) {
  write_mnist();
  EXPECT_EQ(load().source, "mnist");
  write_qmnist();
  EXPECT_EQ(load().source, "qmnist");
  write_kaggle();
  EXPECT_EQ(load().source, "qmnist");
  fs::remove(folder_ / kQmnistFiles[3]);
  EXPECT_EQ(load().source, "kaggle");
  fs::remove(folder_ / "MNIST-120k");
  EXPECT_EQ(load().source, "mnist");
  fs::remove(folder_ / kMnistFiles[0]);
  expect_error(
      kAutoSource, "",
      "has no complete data set; expected QMNIST's four files (scripts/download fetches them), "
      "Kaggle's MNIST-120k, MNIST's four files, four files of EMNIST, npz files such as mnist.npz, "
      "npy files such as x_train.npy, CSV files such as train.csv or a folder of pictures for each "
      "class");
}

TEST_F(DatasetTest, MissingFilesAreNamed) {
  for (std::size_t i = 0; i < 4; ++i) {
    write_mnist();
    write_qmnist();
    fs::remove(folder_ / kMnistFiles[i]);
    fs::remove(folder_ / kQmnistFiles[i]);
    expect_error("mnist", "", fmt::format("{0} or {0}.gz is missing", kMnistFiles[i]));
    expect_error("qmnist", "", fmt::format("{0} or {0}.gz is missing", kQmnistFiles[i]));
  }
  expect_error("kaggle", "", "MNIST-120k is missing");
}

TEST_F(DatasetTest, MissingFolderIsNamed) {
  write("a-file", "");
  for (const char* name : {"missing", "a-file"}) {
    const std::string message = dataset_error(folder_ / name, kAutoSource);
    EXPECT_TRUE(message.starts_with((folder_ / name).string() + ": is not a folder")) << message;
  }
}

TEST_F(DatasetTest, LabelsOutsideTheDigitsAreNamedWithTheirPlace) {
  write_qmnist();
  write(kQmnistFiles[3], qmnist_labels({9, 10, 0}));
  expect_error("qmnist", kQmnistFiles[3], "byte 44: the label of image 1 is 10");
  write(kQmnistFiles[3], qmnist_labels({9, 0, -1}));
  expect_error("qmnist", kQmnistFiles[3], "byte 76: the label of image 2 is -1");
  write(kQmnistFiles[3], qmnist_labels({256, 0, 0}));
  expect_error("qmnist", kQmnistFiles[3], "byte 12: the label of image 0 is 256");
}

TEST_F(DatasetTest, ClassesAreCountedWhereTheSetDoesNotTellThem) {
  write_mnist();
  EXPECT_EQ(load("mnist").classes, numbered_classes(10));
  write(kMnistFiles[1], test::idx_labels("\0\0\0"s));
  write(kMnistFiles[3], test::idx_labels("\0\0"s));
  EXPECT_EQ(load("mnist").classes, numbered_classes(kMinClasses));
  write_qmnist();
  EXPECT_EQ(load("qmnist").classes, numbered_classes(10));

  const std::string sorted = "\0\1\2\3\4\5\6\7\x08\x09\x0A\x0B"s;
  write(kMnistFiles[0], images(12, 1));
  write(kMnistFiles[1], test::idx_labels(sorted));
  EXPECT_EQ(load("mnist").classes, numbered_classes(12));
  write(kMnistFiles[3], test::idx_labels("\0\xC8"s));
  expect_error("mnist", "", "the label of image 13 is 200, but none is 12; expected each label");
  const Dataset part = load_data(folder_ / kMnistFiles[2]);
  EXPECT_EQ(part.classes, numbered_classes(201));
  EXPECT_FALSE(part.has_known_classes);
}

TEST_F(DatasetTest, UnsuitableArraysThrow) {
  using Shapes = std::vector<std::vector<std::int64_t>>;
  write_mnist();
  write(kMnistFiles[3], zeros('\x08', {1}));
  expect_error("mnist", kMnistFiles[3], "announces 1 labels; expected 2");
  write(kMnistFiles[3], zeros('\x08', {2, 1}));
  expect_error("mnist", kMnistFiles[3], "has rank 2; expected");
  for (const auto& sizes : Shapes{{1, 28, 27}, {1, 27, 28}, {28, 28}, {784}, {1, 14, 56}}) {
    write(kMnistFiles[0], zeros('\x08', sizes));
    expect_error("mnist", kMnistFiles[0], "expected images of 28 x 28 pixels");
  }

  write_qmnist();
  write(kQmnistFiles[1], qmnist_labels({1, 2, 3}));
  expect_error("qmnist", kQmnistFiles[1], "announces 3 labels; expected 2");
  for (const auto& sizes : Shapes{{2}, {2, 7}, {2, 8, 1}}) {
    write(kQmnistFiles[1], zeros('\x0C', sizes));
    expect_error("qmnist", kQmnistFiles[1], "rank 2 with 8 columns");
  }
}

// 70,000 images: the files that the repository ships.
TEST(ShippedDigitsTest, AreMnist) {
  const fs::path folder = test::source_dir() / "data";
  const Dataset dataset = load_dataset({.source = "mnist", .dir = folder});
  ASSERT_EQ(dataset.count(), 70000U);
  EXPECT_EQ(Bytes(dataset.labels.begin(), dataset.labels.begin() + 5), (Bytes{5, 0, 4, 1, 9}));
  std::array<int, kDigitCount> counts{};
  for (const std::uint8_t label : dataset.labels) {
    counts.at(label) += 1;
  }
  EXPECT_EQ(counts, (std::array<int, kDigitCount>{6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293,
                                                  6825, 6958}));
  const std::string sums = test::read_file(folder / "SHA256SUMS");
  ASSERT_EQ(dataset.files.size(), 4U);
  for (const DataFile& file : dataset.files) {
    const std::string line = fmt::format("{}  {}\n", file.sha256, file.path.filename().string());
    EXPECT_NE(sums.find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace qmnist
