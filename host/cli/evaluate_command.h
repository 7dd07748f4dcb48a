#pragma once

#include <filesystem>
#include <vector>

#include "host/cli/command.h"
#include "host/cli/device_option.h"
#include "host/config/config.h"

namespace qmnist {

/// The command line of an evaluation.
struct EvaluateOptions {
  std::vector<std::filesystem::path> models;  ///< run folders or model files, one or more
  std::filesystem::path data;  ///< folder or file of images; empty: the runs' test set
  DeviceOption device{.name = std::string(kAutoDevice), .indices = {}};
  bool json = false;
};

/// Evaluates a model, or an ensemble of several, on labelled images.
/// @throws Error
[[nodiscard]] ExitStatus evaluate_command(const EvaluateOptions& options);

}  // namespace qmnist
