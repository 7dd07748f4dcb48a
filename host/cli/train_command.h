#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/cli/command.h"

namespace qmnist {

/// The command line of a training run.
struct TrainOptions {
  std::filesystem::path config;
  std::vector<std::string> overrides;  ///< "key.path=value"
  bool resume = false;
  bool quiet = false;
};

/// Trains, evaluates and reports, as the config says.
/// @return kDone; kTargetMissed after a whole run; kInterrupted after a saved early end.
/// @throws Error
[[nodiscard]] ExitStatus train_command(const TrainOptions& options);

}  // namespace qmnist
