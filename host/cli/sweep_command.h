#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/command.h"
#include "host/cli/device_option.h"
#include "host/sweep/sweep.h"

namespace qmnist {

/// Command-line options of `sweep`.
struct SweepOptions {
  std::filesystem::path config;        ///< the sweep file or, with seeds, a training config
  std::vector<std::string> overrides;  ///< "key.path=value", of all trials
  std::size_t seeds = 0;               ///< number of seeds to repeat it with; 0: a sweep file
  std::optional<DeviceOption> device;  ///< of all trials; nothing: as the base config says
  /// Trials to train in parallel; 0: one per core, or as many as GPUs can have.
  std::size_t jobs = 0;
  sweep::Shard shard = {};  ///< of the trials
  bool collect = false;     ///< only write the results of what is trained
  bool quiet = false;
};

/// Trains all trials of a sweep and prints their ranking.
/// @return kDone, or kInterrupted if it was stopped with checkpoints saved
/// @throws Error also where the ranking is complete but a trial failed
[[nodiscard]] ExitStatus sweep_command(const SweepOptions& options);

}  // namespace qmnist
