#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "host/engines/engine_kinds.h"
#include "host/selftest/check.h"
#include "host/selftest/expectations.h"

namespace qmnist::selftest {

/// Steps of the cases by which a GPU is compared with the CPU.
struct GpuCaseSteps {
  std::size_t baseline = 200;
  std::size_t wide = 200;
  std::size_t everything = 200;
};

/// A GPU's two sets of kernels: those of the fixed order against the CPU, to the bit; those with
/// cuBLAS within a tolerance; resuming runs; and the time of a step of each.
/// @param device for CheckResult: "GPU 0"
/// @param make_engine on that GPU
[[nodiscard]] std::vector<Check> gpu_checks(const std::shared_ptr<Expectations>& expectations,
                                            const std::string& device,
                                            const MakeEngine& make_engine,
                                            const GpuCaseSteps& steps = {});

}  // namespace qmnist::selftest
