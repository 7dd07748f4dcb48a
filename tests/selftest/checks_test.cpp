// The checks of CPU and GPU, with engines that compute rightly and wrongly.

#include <gtest/gtest.h>

#include <algorithm>

#include "host/engines/cpu/instruction_set.h"
#include "host/selftest/cpu_checks.h"
#include "host/selftest/gpu_checks.h"
#include "tests/selftest/perturbed_engine.h"

namespace qmnist::selftest {
namespace {

constexpr std::size_t kWeight = 9 * kPixels + 14 * kImageSide + 14;  // its pixel is often not zero

bool never_stop(std::size_t /*number*/, const Check& /*check*/) {
  return true;
}

std::unique_ptr<Engine> make_cpu_engine(EngineSettings settings) {
  return std::make_unique<cpu::CpuEngine>(std::move(settings));
}

/// The checks of a GPU, without those of its speed, with another engine in its place.
std::vector<CheckResult> check_as_gpu(const MakeEngine& make_engine) {
  std::vector<Check> checks = gpu_checks(std::make_shared<Expectations>(1), "GPU 0", make_engine,
                                         {.baseline = 30, .wide = 2, .everything = 4});
  std::erase_if(checks, [](const Check& check) { return check.name.ends_with("time"); });
  return run_checks(checks, never_stop);
}

TEST(CpuChecksTest, PassForEachInstructionSet) {
  const auto checks = cpu_checks(std::make_shared<Expectations>(2));
  ASSERT_EQ(checks.size(), 2 * cpu::instruction_sets().size() + 1);
  const std::string widest = cpu::instruction_set();
  for (const CheckResult& result : run_checks(checks, never_stop)) {
    EXPECT_TRUE(result.passed) << result.name << ": " << result.detail;
  }
  EXPECT_EQ(cpu::instruction_set(), widest);
}

TEST(GpuChecksTest, PassForAnEngineWithTheCpusBits) {
  const auto results = check_as_gpu(make_cpu_engine);
  EXPECT_EQ(results.size(), 6);
  for (const CheckResult& result : results) {
    EXPECT_TRUE(result.passed) << result.name << ": " << result.detail;
  }
}

TEST(GpuChecksTest, FailForALastBit) {
  for (const CheckResult& result : check_as_gpu(test::make_perturbed(kWeight, 1 + 0x1p-23F))) {
    if (result.name == "cublas, losses") {
      EXPECT_TRUE(result.passed) << result.detail;  // within its tolerance
    } else {
      EXPECT_FALSE(result.passed) << result.name;
      EXPECT_NE(result.detail.find(", expected "), std::string::npos) << result.detail;
    }
  }
}

TEST(GpuChecksTest, FailForALossBeyondTheTolerance) {
  const auto results = check_as_gpu(test::make_perturbed(kWeight, 10));
  const auto losses = std::ranges::find(results, "cublas, losses", &CheckResult::name);
  ASSERT_NE(losses, results.end());
  EXPECT_FALSE(losses->passed);
  EXPECT_TRUE(losses->detail.starts_with("step 2: the batch's loss is ")) << losses->detail;
}

TEST(GpuChecksTest, MeasureBothKernels) {
  std::vector<Check> checks =
      gpu_checks(std::make_shared<Expectations>(1), "GPU 0", make_cpu_engine);
  std::erase_if(checks, [](const Check& check) { return !check.name.ends_with("time"); });
  ASSERT_EQ(checks.size(), 2);
  const Finding found = checks.front().run();
  EXPECT_GT(found.figures.at("step_seconds"), 0);
  EXPECT_GT(found.figures.at("step_seconds_with_copies"), 0);
}

}  // namespace
}  // namespace qmnist::selftest
