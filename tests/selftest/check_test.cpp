#include "host/selftest/check.h"

#include <gtest/gtest.h>

#include "host/error.h"

namespace qmnist::selftest {
namespace {

Check check(std::string device, std::string name, const Finding& finding = {}) {
  return {
      .device = std::move(device), .name = std::move(name), .run = [finding] { return finding; }};
}

Check broken(std::string device) {
  return {.device = std::move(device), .name = "broken", .run = []() -> Finding {
            throw DeviceError("the device is gone");
          }};
}

bool go_on(std::size_t /*number*/, const Check& /*check*/) {
  return true;
}

TEST(RunChecksTest, FailsWhereThereIsADifference) {
  const auto results =
      run_checks({check("CPU", "one", {.difference = "", .detail = "equal"}),
                  check("CPU", "two", {.difference = "weight 3", .detail = "equal"})},
                 go_on);
  ASSERT_EQ(results.size(), 2);
  EXPECT_TRUE(results[0].passed);
  EXPECT_EQ(results[0].detail, "equal");
  EXPECT_FALSE(results[1].passed);
  EXPECT_EQ(results[1].detail, "weight 3");
}

TEST(RunChecksTest, ADeviceThatFailsIsNotUsedAgain) {
  const auto results = run_checks(
      {check("GPU 0", "before"), broken("GPU 0"), check("GPU 0", "after"), check("GPU 1", "other")},
      go_on);
  ASSERT_EQ(results.size(), 3);
  EXPECT_TRUE(results[0].passed);
  EXPECT_FALSE(results[1].passed);
  EXPECT_EQ(results[1].detail, "the device is gone");
  EXPECT_EQ(results[2].name, "other");
  EXPECT_TRUE(results[2].passed);
}

TEST(RunChecksTest, CanBeEnded) {
  const auto results =
      run_checks({check("CPU", "one"), check("CPU", "two")},
                 [](std::size_t number, const Check& /*check*/) { return number == 0; });
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].name, "one");
}

}  // namespace
}  // namespace qmnist::selftest
