#include "host/charts/axis.h"

#include <gtest/gtest.h>

#include <cmath>

namespace qmnist {
namespace {

std::vector<std::string> labels_of(const Axis& axis) {
  std::vector<std::string> labels;
  for (const double tick : axis.ticks()) {
    labels.push_back(axis.label(tick));
  }
  return labels;
}

using Labels = std::vector<std::string>;

TEST(AxisTest, TicksStandAtRoundNumbers) {
  EXPECT_EQ(labels_of(axis_of(0, 1576, 10)),
            (Labels{"0", "200", "400", "600", "800", "1000", "1200", "1400"}));
  EXPECT_EQ(labels_of(axis_of(0, 0.3, 5)), (Labels{"0.0", "0.1", "0.2", "0.3"}));
  EXPECT_EQ(labels_of(axis_of(92, 100, 5)), (Labels{"92", "94", "96", "98", "100"}));
}

TEST(AxisTest, ARoundAxisBeginsAndEndsWithATick) {
  EXPECT_EQ(labels_of(round_axis(0, 0.2376, 5)),
            (Labels{"0.00", "0.05", "0.10", "0.15", "0.20", "0.25"}));
  EXPECT_EQ(labels_of(round_axis(92.97, 100, 5)), (Labels{"92", "94", "96", "98", "100"}));
  for (const double high : {1e-9, 0.00123, 0.7, 1.0, 3.0, 99.0, 12345.0, 1e9, 1e30}) {
    const Axis axis = round_axis(0, high, 5);
    const auto ticks = axis.ticks();
    ASSERT_GE(ticks.size(), 3U) << high;
    EXPECT_LE(ticks.size(), 7U) << high;
    EXPECT_NEAR(axis.position(ticks.front()), 0, 1e-9) << high;
    EXPECT_NEAR(axis.position(ticks.back()), 1, 1e-9) << high;
    EXPECT_GE(axis.high, high * (1 - 1e-12));
    for (const std::string& label : labels_of(axis)) {
      EXPECT_LE(label.size(), 12U) << label;
    }
  }
}

TEST(AxisTest, ZeroHasNoSign) {
  for (const Axis& axis : {axis_of(0, 5, 5), round_axis(0, 1, 5), round_axis(-1, 1, 5)}) {
    for (const double tick : axis.ticks()) {
      EXPECT_FALSE(tick == 0 && std::signbit(tick));
    }
  }
}

TEST(AxisTest, EpochsAreWhole) {
  EXPECT_EQ(labels_of(epoch_axis(1)), (Labels{"1"}));
  EXPECT_EQ(epoch_axis(1).position(1), 0.5);
  EXPECT_EQ(labels_of(epoch_axis(2)), (Labels{"1", "2"}));
  EXPECT_EQ(labels_of(epoch_axis(4)), (Labels{"1", "2", "3", "4"}));
  EXPECT_EQ(labels_of(epoch_axis(10)).size(), 10U);
  EXPECT_EQ(labels_of(epoch_axis(30)), (Labels{"5", "10", "15", "20", "25", "30"}));
}

}  // namespace
}  // namespace qmnist
