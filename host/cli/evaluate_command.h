#pragma once

#include <filesystem>

#include "host/cli/command.h"
#include "host/config/config.h"

namespace qmnist {

/// The command line of an evaluation.
struct EvaluateOptions {
  std::filesystem::path model;  ///< run folder or model file
  std::filesystem::path
      data;  ///< folder or file whose digits are all taken; empty: the run's test part
  DeviceChoice device = DeviceChoice::kAuto;
  bool json = false;
};

/// Says how well a model does on digits whose labels are known. @throws Error
[[nodiscard]] ExitStatus evaluate_command(const EvaluateOptions& options);

}  // namespace qmnist
