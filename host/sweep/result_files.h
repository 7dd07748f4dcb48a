#pragma once

#include <string>

#include "host/sweep/results.h"

namespace qmnist::sweep {

/// The content of results.csv: a row per trial, in the trials' order.
[[nodiscard]] std::string results_csv(const Sweep& sweep);

/// Writes results.csv, results.png and sweep.html into the sweep's folder.
/// @return the table in sweep.html
/// @throws Error if all trials failed, after results.csv is written
Table write_results(const Sweep& sweep);

}  // namespace qmnist::sweep
