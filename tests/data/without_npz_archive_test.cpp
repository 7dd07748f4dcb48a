#include <gtest/gtest.h>

#include "host/data/dataset.h"
#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

TEST(WithoutNpzArchiveTest, SaysWhatToInstall) {
  const auto file = test::source_dir() / "tests/fixtures/numpy/keras_stored.npz";
  try {
    (void)load_data(file);
    ADD_FAILURE() << "there was no error";
  } catch (const UsageError& error) {
    EXPECT_EQ(std::string_view(error.what()),
              "this build reads no npz files; install libzip (scripts/setup does) and build again "
              "with QMNIST_NPZ=ON");
  }
}

}  // namespace
}  // namespace qmnist
