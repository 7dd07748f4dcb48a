#pragma once

#include <cstddef>
#include <filesystem>

#include "host/cli/command.h"

namespace qmnist {

/// The command line of a sweep.
struct SweepOptions {
  std::filesystem::path config;  ///< the sweep file
  std::size_t jobs = 0;          ///< trials at once; 0: as many as cores
  bool quiet = false;
};

/// Trains all trials of a sweep and says which are best.
/// @return kDone, or kInterrupted after a saved early end. @throws Error
[[nodiscard]] ExitStatus sweep_command(const SweepOptions& options);

}  // namespace qmnist
