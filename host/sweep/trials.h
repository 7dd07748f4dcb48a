#pragma once

#include <cstddef>
#include <vector>

#include "host/sweep/sweep_config.h"

namespace qmnist::sweep {

/// One run of a sweep.
struct Trial {
  Json parameters;  ///< dotted key to value
  Config config;    ///< its output.dir is the trial's number in the sweep's folder: runs/sweep/007
};

/// All trials of a sweep. Those of a grid are in the order of the file's lists; the last parameter
/// changes fastest. Random draws depend on the seed only: increasing `trials` appends to them.
/// @throws UsageError if a combination of values is invalid
[[nodiscard]] std::vector<Trial> make_trials(const SweepConfig& sweep);

/// A stage of a sweep: the best `trials` trials so far train up to `epochs` epochs in total, or to
/// their last epoch.
struct Rung {
  std::size_t trials;
  std::size_t epochs;
};

/// The rungs of successive halving; a single one for grid and random search.
[[nodiscard]] std::vector<Rung> make_rungs(const SweepConfig& sweep, std::size_t trials);

}  // namespace qmnist::sweep
