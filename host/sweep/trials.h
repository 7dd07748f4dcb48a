#pragma once

#include <cstddef>
#include <vector>

#include "host/sweep/sweep_config.h"

namespace qmnist {

/// One run of a sweep.
struct Trial {
  Json parameters;  ///< dotted key to value
  Config config;    ///< its output.dir is a folder in the sweep's, named by its number: 007
};

/// All trials of a sweep. Those of a grid are in the order of the file's lists, the last changes
/// fastest; drawn ones follow from the seed alone, the first of more trials are those of fewer.
/// @throws UsageError where values do not go together
[[nodiscard]] std::vector<Trial> make_trials(const SweepConfig& sweep);

/// A stage of a sweep: so many trials, the best ones so far, train until they have `epochs` behind
/// them, or all of theirs.
struct Rung {
  std::size_t trials;
  std::size_t epochs;
};

/// One rung for grid and random search, those of successive halving else.
[[nodiscard]] std::vector<Rung> make_rungs(const SweepConfig& sweep, std::size_t trials);

}  // namespace qmnist
