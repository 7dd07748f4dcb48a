#include <gtest/gtest.h>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

TEST(WithoutImagesTest, PredictSaysWhatToInstall) {
  expect_error(run_qmnist({"predict", "image.png"}), 2,
               {"this build has no image decoders", "Leptonica", "QMNIST_IMAGES=ON"});
}

}  // namespace
}  // namespace qmnist::test
