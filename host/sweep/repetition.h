#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/json.h"
#include "host/sweep/results.h"
#include "host/sweep/sweep.h"
#include "host/trainer/evaluation.h"

namespace qmnist::sweep {

/// What the trials of a repetition tell together; failed ones are left out.
struct Repetition {
  std::size_t trials;
  MeanStddev test_accuracy;
  std::optional<MeanStddev> validation_accuracy;  ///< nothing without a validation set
  std::optional<Evaluation> ensemble;  ///< of their models on the test set; nothing for one
                                       ///< trial, or for more than kMaxGroup
};

/// Summarizes a repetition of which at least one trial did not fail. Its ensemble is evaluated on
/// the sweep's device.
/// @param dataset of the sweep
/// @throws DataError where a trial's model cannot be read; DeviceError
[[nodiscard]] Repetition summarize_repetition(const Sweep& sweep, const Dataset& dataset);

/// A sentence on the mean and standard deviation over the seeds, and one on the ensemble.
[[nodiscard]] std::vector<std::string> repetition_text(const Repetition& repetition);

/// The content of a repetition's summary.json.
[[nodiscard]] Json repetition_json(const Repetition& repetition);

}  // namespace qmnist::sweep
