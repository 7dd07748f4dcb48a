#include <gtest/gtest.h>

#include "tests/support/gpu.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

TEST(SelftestTest, PassesOnThisCpu) {
  const ProgramResult result = run_qmnist({"selftest", "--device", "cpu", "--json"});
  expect_success(result);
  const Json report = Json::parse(result.output);
  EXPECT_EQ(report.at("failed"), 0);
  EXPECT_EQ(report.at("left_out"), 0);
  EXPECT_TRUE(report.at("devices").at(0).get<std::string>().starts_with("CPU: "));
  for (const Json& check : report.at("checks")) {
    EXPECT_EQ(check.at("device"), "CPU");
    EXPECT_EQ(check.at("passed"), true) << check;
  }
  EXPECT_GT(report.at("checks").back().at("figures").at("step_seconds"), 0);
}

TEST(SelftestTest, WithoutAGpuChecksTheCpuAndSaysSo) {
  if (gpu_obstacle().empty()) {
    GTEST_SKIP() << "a GPU works here";
  }
  const ProgramResult result = run_qmnist({"selftest"});
  expect_success(result);
  expect_contains(result.output, "GPU: none: " + gpu_obstacle());
  expect_contains(result.output, "\nCPU  ");
  expect_contains(result.output, "checks passed in ");
  expect_error(run_qmnist({"selftest", "--device", "cuda"}), 4,
               {"device cuda: ", gpu_obstacle(), "--device cpu"});
}

TEST(SelftestTest, RefusesSeveralGpus) {
  expect_error(run_qmnist({"selftest", "--device", "cuda:0,1"}), 2, {"cuda:0,1", "only sweep"});
}

}  // namespace
}  // namespace qmnist::test
