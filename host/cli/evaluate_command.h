#pragma once

#include <filesystem>
#include <vector>

#include "host/cli/command.h"
#include "host/config/config.h"

namespace qmnist {

/// The command line of an evaluation.
struct EvaluateOptions {
  std::vector<std::filesystem::path> models;  ///< run folders or model files, one or more
  std::filesystem::path
      data;  ///< folder or file whose digits are all taken; empty: the runs' test part
  std::string device{kAutoDevice};
  bool json = false;
};

/// Says how well a model, or the mean of several, does on digits whose labels are known.
/// @throws Error
[[nodiscard]] ExitStatus evaluate_command(const EvaluateOptions& options);

}  // namespace qmnist
