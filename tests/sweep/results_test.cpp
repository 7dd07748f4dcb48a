#include "host/sweep/results.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace qmnist::sweep {
namespace {

TEST(ResultsTest, ComputesMeanAndSampleStandardDeviation) {
  const MeanStddev summary = mean_stddev(std::array{1.0, 2.0, 4.0, 5.0});
  EXPECT_DOUBLE_EQ(summary.mean, 3);
  EXPECT_DOUBLE_EQ(summary.stddev, std::sqrt(10.0 / 3));
  EXPECT_EQ(mean_stddev(std::array{7.0}).stddev, 0);
}

TEST(ResultsTest, FormatsParametersOnOneLine) {
  const Json parameters{{"optimizer.learning_rate", 0.002}, {"model.hidden", {64, 32}}};
  EXPECT_EQ(parameters_text(parameters), "optimizer.learning_rate 0.002, model.hidden [64,32]");
}

}  // namespace
}  // namespace qmnist::sweep
