#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "host/cli/command.h"
#include "host/cli/device_option.h"

namespace qmnist {

/// Command-line options of `sweep`.
struct SweepOptions {
  std::filesystem::path config;        ///< the sweep file or, with seeds, a training config
  std::size_t seeds = 0;               ///< number of seeds to repeat it with; 0: a sweep file
  std::optional<DeviceOption> device;  ///< of all trials; nothing: as the base config says
  std::size_t jobs = 0;                ///< trials to train in parallel; 0: one per core, or as many as GPUs can have
  bool quiet = false;
};

/// Trains all trials of a sweep and prints their ranking.
/// @return kDone, or kInterrupted if it was stopped with checkpoints saved
/// @throws Error also where the ranking is complete but a trial failed
[[nodiscard]] ExitStatus sweep_command(const SweepOptions& options);

}  // namespace qmnist
