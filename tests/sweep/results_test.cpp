#include "host/sweep/results.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace qmnist {
namespace {

TEST(ResultsTest, SpreadIsMeanAndSampleDeviation) {
  const MeanStddev spread = spread_of(std::array{1.0, 2.0, 4.0, 5.0});
  EXPECT_DOUBLE_EQ(spread.mean, 3);
  EXPECT_DOUBLE_EQ(spread.deviation, std::sqrt(10.0 / 3));
  EXPECT_EQ(spread_of(std::array{7.0}).deviation, 0);
}

TEST(ResultsTest, ParametersStandOnOneLine) {
  const Json parameters{{"optimizer.learning_rate", 0.002}, {"model.hidden", {64, 32}}};
  EXPECT_EQ(parameters_text(parameters), "optimizer.learning_rate 0.002, model.hidden [64,32]");
}

}  // namespace
}  // namespace qmnist
