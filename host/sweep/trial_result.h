#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/failure.h"
#include "host/json.h"
#include "host/trainer/metrics.h"

namespace qmnist::sweep {

/// Progress and result of a trial.
struct TrialResult {
  struct Test {
    double loss;
    double accuracy;
  };
  std::vector<EpochMetrics> history;           ///< of the finished epochs
  std::optional<Test> test;                    ///< of a finished trial
  std::optional<Failure> failure;              ///< error that ended the trial
  std::optional<std::size_t> best_epoch = {};  ///< with early stopping; else the last epoch counts
  std::string warning = {};                    ///< of a finished trial at chance level

  [[nodiscard]] std::size_t epochs() const { return history.size(); }
  [[nodiscard]] double seconds() const;
  /// Of the best epoch, or of the last one without early stopping; nothing without a validation
  /// set.
  [[nodiscard]] std::optional<EpochMetrics::Validation> validation() const;
};

/// A result as one rank sends it to another, and back.
[[nodiscard]] Json to_json(const TrialResult& result);
[[nodiscard]] TrialResult trial_result_from(const Json& json);

}  // namespace qmnist::sweep
