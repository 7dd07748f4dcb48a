#pragma once

#include "host/cli/command.h"
#include "host/cli/device_option.h"
#include "host/engines/engine_kinds.h"

namespace qmnist {

struct SelftestOptions {
  DeviceOption device{.name = std::string(kAutoDevice), .indices = {}};
  bool json = false;  ///< print one JSON object instead of a table
};

/// Checks that CPU and GPUs compute what they should, and prints a table.
/// @return kDevice where a check failed
/// @throws DeviceError where a device that was asked for cannot be used
[[nodiscard]] ExitStatus selftest_command(const SelftestOptions& options);

}  // namespace qmnist
