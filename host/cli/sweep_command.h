#pragma once

#include <cstddef>
#include <filesystem>

#include "host/cli/command.h"

namespace qmnist {

/// Command-line options of `sweep`.
struct SweepOptions {
  std::filesystem::path config;  ///< the sweep file
  std::size_t jobs = 0;          ///< trials to train in parallel; 0: the number of cores
  bool quiet = false;
};

/// Trains all trials of a sweep and prints their ranking.
/// @return kDone, or kInterrupted if it was stopped with checkpoints saved. @throws Error
[[nodiscard]] ExitStatus sweep_command(const SweepOptions& options);

}  // namespace qmnist
