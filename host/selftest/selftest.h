#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/selftest/check.h"

namespace qmnist::selftest {

/// What is to be checked.
struct Plan {
  std::vector<std::string> devices;  ///< a line for people about each, or why there is none
  std::vector<Check> checks;
};

/// Checks of the CPU and each GPU for "auto", otherwise of the devices of that kind.
/// @param device as the config key device has it
/// @param indices of GPUs; empty for all
/// @throws DeviceError where a device that was asked for cannot be used
[[nodiscard]] Plan plan_checks(const std::string& device, const std::vector<std::size_t>& indices);

}  // namespace qmnist::selftest
