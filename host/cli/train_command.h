#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/cli/command.h"

namespace qmnist {

/// Command-line options of `train`.
struct TrainOptions {
  std::filesystem::path config;
  std::vector<std::string> overrides;  ///< "key.path=value"
  bool resume = false;
  bool quiet = false;
};

/// Trains, evaluates and writes the results, as the config says.
/// @return kDone; kTargetMissed after a complete run; kInterrupted if it was stopped with a
///   checkpoint saved
/// @throws Error
[[nodiscard]] ExitStatus train_command(const TrainOptions& options);

}  // namespace qmnist
