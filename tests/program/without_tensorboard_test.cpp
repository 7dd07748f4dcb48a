#include <gtest/gtest.h>

#include "tests/support/small_run.h"

namespace qmnist {
namespace {

TEST(WithoutTensorBoardTest, SaysWhatToInstall) {
  const test::SmallRun small({{"output", {{"tensorboard", true}}}});
  const test::ProgramResult result = small.train();
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.errors.find("this build writes no files for TensorBoard; install protobuf and "
                               "ISA-L (scripts/setup does) and build again with "
                               "QMNIST_TENSORBOARD=ON"),
            std::string::npos)
      << result.errors;
}

}  // namespace
}  // namespace qmnist
