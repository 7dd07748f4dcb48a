#include <gtest/gtest.h>

#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/selftest/gpu_checks.h"
#include "tests/support/gpu.h"

namespace qmnist::selftest {
namespace {

/// With few steps and without measurements, which take minutes on an emulator.
TEST(CudaSelftestTest, EveryCheckPasses) {
  if (const std::string obstacle = test::gpu_obstacle(); !obstacle.empty()) {
    GTEST_SKIP() << obstacle;
  }
  const auto make_engine = [](EngineSettings settings) {
    return cuda::kEngineKind.make(std::move(settings));
  };
  auto checks = gpu_checks(std::make_shared<Expectations>(1), "GPU 0", make_engine,
                           {.baseline = 12, .wide = 1, .everything = 4});
  std::erase_if(checks, [](const Check& check) { return check.name.ends_with("time"); });
  for (const CheckResult& result :
       run_checks(checks, [](std::size_t, const Check&) { return true; })) {
    EXPECT_TRUE(result.passed) << result.name << ": " << result.detail;
  }
}

}  // namespace
}  // namespace qmnist::selftest
