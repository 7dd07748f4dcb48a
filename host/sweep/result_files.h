#pragma once

#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/format/text.h"
#include "host/sweep/sweep.h"

namespace qmnist::sweep {

/// The content of results.csv: a row per trial, in the trials' order.
[[nodiscard]] std::string results_csv(const Sweep& sweep);

/// What sweep.html says of the results.
struct ResultText {
  Table table;
  std::vector<std::string> repetition;  ///< sentences; empty if the sweep is none
};

/// Writes results.csv, results.png, sweep.html and, for a repetition, summary.json into the sweep's
/// folder.
/// @param dataset of the sweep
/// @throws Error if all trials failed or as summarize_repetition, after results.csv is written
[[nodiscard]] ResultText write_results(const Sweep& sweep, const Dataset& dataset);

}  // namespace qmnist::sweep
