// Training from a tree of PNG files gives the model of the same images in IDX files.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "host/data/dataset.h"
#include "tests/support/image_fixtures.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// Writes a data set as mnist_png's tree.
void write_png_tree(const Dataset& dataset, const fs::path& folder) {
  std::size_t first = 0;
  for (const DataPart& part : dataset.parts) {
    const char* const name = part.kind == DataPart::Kind::kTraining ? "training" : "testing";
    for (std::size_t i = 0; i < part.count; ++i) {
      const auto image = dataset.view().image(first + i);
      write_file(
          folder / name / std::to_string(dataset.labels[first + i]) / fmt::format("{}.png", i),
          grey_png(image));
    }
    first += part.count;
  }
}

class PictureFoldersRunTest : public testing::Test {
 protected:
  void SetUp() override {
    write_png_tree(load_dataset({.source = "mnist", .dir = run_.folder() / "data"}),
                   run_.folder() / "pictures");
  }
  void expect_idx_files_result(const std::string& split) const {
    const fs::path pictures = run_.folder() / ("pictures-" + split);
    expect_success(run_.train({"--quiet", "--set", "data.split=" + split}));
    expect_success(run_.train({"--quiet", "--set", "data.split=" + split, "--set",
                               "data.dir=" + (run_.folder() / "pictures").string(), "--set",
                               "output.dir=" + pictures.string()}));
    expect_same_result(pictures, run_.output());
  }

  SmallRun run_;
};

TEST_F(PictureFoldersRunTest, TheModelIsThatOfTheIdxFiles) {
  expect_idx_files_result("notebook");
  expect_idx_files_result("official");
}

}  // namespace
}  // namespace qmnist::test
