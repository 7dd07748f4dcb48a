#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/data/data_sources.h"
#include "host/data/dataset.h"
#include "host/data/npz.h"
#include "host/data/sha256.h"
#include "host/error.h"
#include "host/read_file.h"
#include "tests/support/data_checks.h"
#include "tests/support/npy_files.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Files = std::vector<std::pair<std::string, std::string>>;  // names and contents

constexpr std::array<std::string_view, 4> kKeras{"x_train", "y_train", "x_test", "y_test"};

/// Writes a zip archive, of which every second member is compressed.
void write_zip(const fs::path& path, const Files& files) {
  int error = 0;
  zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    throw std::runtime_error("an archive cannot be made");
  }
  for (const auto& [name, content] : files) {
    zip_source_t* const source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    EXPECT_GE(index, 0) << name;
    const zip_int32_t method = index % 2 == 0 ? ZIP_CM_STORE : ZIP_CM_DEFLATE;
    EXPECT_EQ(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), method, 1), 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
}

numpy::Npz read_npz(const std::string& content) {
  return numpy::read_npz(bytes_of(content), "x.npz", kKeras);
}

fs::path npz_fixture(std::string_view name) {
  return test::source_dir() / "tests/fixtures/numpy" / name;
}

/// What make_numpy.py wrote.
void expect_digits(const Dataset& dataset) {
  EXPECT_EQ(dataset.labels, (Bytes{2, 5, 8}));
  ASSERT_EQ(dataset.pixels.size(), 3 * kPixels);
  for (std::size_t i = 0; i < dataset.pixels.size(); ++i) {
    ASSERT_EQ(dataset.pixels[i], 7 * i % 256);
  }
}

TEST(NpzArchiveTest, ReadsWhatNumpyWrites) {
  for (const char* name : {"keras_stored.npz", "keras_deflated.npz"}) {
    const Dataset dataset = load_data(npz_fixture(name));
    expect_digits(dataset);
    ASSERT_EQ(dataset.parts.size(), 2U);
    EXPECT_EQ(dataset.parts[0].kind, DataPart::Kind::kTraining);
    EXPECT_EQ(dataset.parts[0].count, 2U);
    EXPECT_EQ(dataset.parts[1].kind, DataPart::Kind::kTest);
    ASSERT_EQ(dataset.files.size(), 1U);
    EXPECT_EQ(dataset.files[0].sha256, sha256_of_file(npz_fixture(name)));
  }
  const Dataset pair = load_data(npz_fixture("k49-test-imgs.npz"));
  expect_digits(pair);
  EXPECT_EQ(pair.parts.at(0).kind, DataPart::Kind::kTest);
  EXPECT_EQ(pair.files.at(1).path, npz_fixture("k49-test-labels.npz"));
}

TEST(NpzArchiveTest, FindsSetsByTheirNames) {
  const test::TemporaryFolder folder;
  fs::copy_file(npz_fixture("keras_deflated.npz"), folder / "mnist.npz");
  EXPECT_EQ(load_dataset({.dir = folder.path()}).name, "npz files, 9 classes");
  for (const char* part : {"train", "test"}) {
    for (const char* what : {"imgs", "labels"}) {
      fs::copy_file(npz_fixture(fmt::format("k49-test-{}.npz", what)),
                    folder / fmt::format("kmnist-{}-{}.npz", part, what));
    }
  }
  EXPECT_NE(test::data_error_of([&] {
              (void)load_dataset({.source = "npz", .dir = folder.path()});
            }).find("holds mnist.npz and KMNIST; expected one of them"),
            std::string::npos);
  fs::remove(folder / "mnist.npz");
  const Dataset dataset = load_dataset({.dir = folder.path()});
  EXPECT_EQ(dataset.source, "npz");
  EXPECT_EQ(dataset.name, "KMNIST");
  EXPECT_EQ(dataset.classes.at(9), "を");
  EXPECT_EQ(dataset.labels, (Bytes{2, 5, 8, 2, 5, 8}));
}

TEST(NpzArchiveTest, MembersThatDoNotFitAreNamed) {
  const test::TemporaryFolder folder;
  const auto error = [&](const Files& files) {
    write_zip(folder / "x.npz", files);
    return test::data_error_of([&] { (void)load_data(folder / "x.npz"); });
  };
  const std::string path = (folder / "x.npz").string();
  const std::string image = test::npy_file({1, 784}, Bytes(kPixels));
  const std::string label = test::npy_file({1}, Bytes{3});
  EXPECT_EQ(error({{"x_train.npy", image}, {"x_val.npy", image}}),
            path +
                ": has the member x_val.npy; expected x_train, y_train, x_test or y_test, each "
                "as .npy");
  EXPECT_EQ(error({{"x_train.npy", image}, {"y_train.npy", label}, {"x_test.npy", image}}),
            path + ": has no y_test.npy");
  EXPECT_EQ(error({{"x_train.npy", image}, {"y_train.npy", "nothing"}}),
            path + ": y_train.npy: byte 0: has no magic \\x93NUMPY; expected a .npy file");
  EXPECT_EQ(test::data_error_of([&] {
              (void)read_npz("PK no archive");
            }).find("x.npz: damaged zip archive ("),
            0U);
}

TEST(NpzArchiveTest, EveryTruncationThrows) {
  const std::string file = test::read_file(npz_fixture("keras_deflated.npz"));
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_TRUE(
        test::data_error_of([&] { (void)read_npz(file.substr(0, size)); }).starts_with("x.npz: "));
  }
}

TEST(NpzArchiveTest, DamagedBytesAreRefusedOrChangeNothing) {
  for (const char* name : {"keras_deflated.npz", "keras_stored.npz"}) {
    const std::string file = test::read_file(npz_fixture(name));
    const numpy::Npz whole = read_npz(file);
    for (std::size_t place = 0; place < file.size(); ++place) {
      for (const unsigned bits : {0xFFU, 0x01U, 0x80U}) {
        std::string damaged = file;
        damaged[place] = static_cast<char>(damaged[place] ^ bits);
        try {
          EXPECT_EQ(read_npz(damaged), whole) << place;
        } catch (const DataError& error) {
          EXPECT_TRUE(std::string_view(error.what()).starts_with("x.npz: "));
        }
      }
    }
  }
}

TEST(NpzArchiveTest, ShippedDigitsAreMnists) {
  const Dataset mnist = load_dataset({.source = "mnist", .dir = test::source_dir() / "data"});
  const test::TemporaryFolder folder;
  const std::size_t training = mnist.parts.at(0).count;
  const std::size_t rest = mnist.parts.at(1).count;
  const std::span pixels(mnist.pixels);
  const std::span labels(mnist.labels);
  write_zip(folder / "mnist.npz",
            {{"x_train.npy", test::npy_file({training, 28, 28}, pixels.first(training * kPixels))},
             {"y_train.npy", test::npy_file({training}, labels.first(training))},
             {"y_test.npy", test::npy_file({rest}, labels.subspan(training))},
             {"x_test.npy", test::npy_file({rest, 28, 28}, pixels.subspan(training * kPixels))}});
  const Dataset dataset = load_dataset({.dir = folder.path()});
  EXPECT_EQ(dataset.source, "npz");
  test::expect_same_digits(dataset, mnist);
}

}  // namespace
}  // namespace qmnist
