#include <gtest/gtest.h>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

TEST(WithoutImagesTest, PredictSaysWhatToInstall) {
  expect_error(run_qmnist({"predict", "image.png"}), 2,
               {"this build has no image decoders", "Leptonica", "QMNIST_IMAGES=ON"});
}

TEST(WithoutImagesTest, PictureFoldersSayWhatToInstall) {
  const SmallRun run;
  for (const char* name : {"pictures/0/1.png", "pictures/1/2.png"}) {
    write_file(run.folder() / name, "");
  }
  expect_error(run.train({"--set", "data.dir=" + (run.folder() / "pictures").string()}), 2,
               {"this build has no image decoders", "Leptonica", "QMNIST_IMAGES=ON"});
}

}  // namespace
}  // namespace qmnist::test
