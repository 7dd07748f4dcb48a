#include <gtest/gtest.h>
#include <zip.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/small_model.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

std::string exported_npz(const Model& model) {
  return test::exported(find_exporter("npz"), model);
}

struct Close {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { (void)zip_fclose(file); }
};

/// Name and content of every file in an archive, in its order; checksums are verified.
std::vector<std::pair<std::string, std::string>> unzip(const std::string& bytes) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "archive", bytes);
  const std::unique_ptr<zip_t, Close> archive(
      zip_open((folder / "archive").c_str(), ZIP_RDONLY | ZIP_CHECKCONS, nullptr));
  if (!archive) {
    throw std::runtime_error("this is no zip archive");
  }
  std::vector<std::pair<std::string, std::string>> files;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
       ++i) {
    zip_stat_t status;
    if (zip_stat_index(archive.get(), i, 0, &status) != 0) {
      throw std::runtime_error("an entry of the archive cannot be read");
    }
    EXPECT_EQ(status.comp_method, ZIP_CM_STORE);
    std::string content(status.size, '\0');
    const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(archive.get(), i, 0));
    EXPECT_EQ(zip_fread(file.get(), content.data(), content.size()),
              static_cast<zip_int64_t>(content.size()));
    files.emplace_back(status.name, content);
  }
  return files;
}

TEST(NpzTest, HoldsEveryTensorInOrderAndToTheBit) {
  const Model model = test::initial_model({9, 7});
  const auto files = unzip(exported_npz(model));
  const std::vector<Tensor> tensors = model.network.tensors();
  ASSERT_EQ(files.size(), tensors.size() + 1);
  EXPECT_EQ(files.back().first, "classes.npy");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, content] = files[i];
    EXPECT_EQ(name, tensors[i].name + ".npy");
    const std::size_t size = tensors[i].size * sizeof(float);
    ASSERT_GE(content.size(), size);
    const std::string expected(
        reinterpret_cast<const char*>(model.parameters.data() + tensors[i].offset), size);
    EXPECT_TRUE(content.substr(content.size() - size) == expected) << name;
  }
}

TEST(NpzTest, HeadersAreThoseOfTheFormat) {
  const auto files = unzip(exported_npz(test::initial_model({7})));
  const std::array<std::string, 4> shapes{"(7, 784,)", "(7,)", "(10, 7,)", "(10,)"};
  ASSERT_EQ(files.size(), shapes.size() + 1);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string& content = files[i].second;
    ASSERT_EQ(content.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t length = static_cast<unsigned char>(content.at(8)) +
                               256U * static_cast<unsigned char>(content.at(9));
    EXPECT_EQ((10 + length) % 64, 0) << files[i].first;
    std::string header = content.substr(10, length);
    EXPECT_EQ(header.back(), '\n');
    header.resize(header.find_last_not_of(" \n") + 1);
    EXPECT_EQ(header, "{'descr': '<f4', 'fortran_order': False, 'shape': " + shapes.at(i) + ", }");
  }
}

TEST(NpzTest, HoldsTheNamesOfTheClassesInUtf32) {
  Model model = test::initial_model({7});
  model.classes[3] = "お!";
  const std::string content = unzip(exported_npz(model)).back().second;
  EXPECT_NE(content.find("{'descr': '<U2', 'fortran_order': False, 'shape': (10,), }"),
            std::string::npos);
  const std::string names = content.substr(content.size() - std::size_t{10} * 2 * 4);
  EXPECT_EQ(names.substr(0, 8), std::string("0\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(names.substr(24, 8), std::string("\x4A\x30\0\0!\0\0\0", 8));
}

TEST(NpzTest, TheSameModelGivesTheSameBytes) {
  const std::string first = exported_npz(test::initial_model({7}));
  EXPECT_TRUE(first == exported_npz(test::initial_model({7})));
  // An archive says when its files were made, in steps of two seconds; ours in 1980.
  EXPECT_EQ(first.substr(10, 4), std::string("\x00\x00\x21\x00", 4));
}

}  // namespace
}  // namespace qmnist
