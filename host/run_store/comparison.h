#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/run_store/run_record.h"

namespace qmnist {

/// Numbers of images that only one of two models classifies correctly.
struct Disagreement {
  std::size_t only_first = 0;
  std::size_t only_second = 0;
};

/// @return nothing if the two did not predict the same images in the same order
[[nodiscard]] std::optional<Disagreement> disagreement(std::span<const Prediction> first,
                                                       std::span<const Prediction> second);

/// McNemar's exact test: the p-value (0 to 1) of the disagreement under the null hypothesis that
/// both models are equally good. Source: McNemar, Note on the sampling error of the difference
/// between correlated proportions or percentages (1947); exact form: two-sided binomial test of the
/// disagreements against 1/2.
[[nodiscard]] double mcnemar_p(const Disagreement& disagreement);

/// A run compared with the first one.
struct ComparedRun {
  std::string name;
  double accuracy = 0;
  double loss = 0;
  std::size_t epochs = 0;
  double seconds_train = 0;
  std::size_t images = 0;                     ///< size of the test set
  std::optional<Disagreement> against_first;  ///< nothing for the first or another test set
};

/// A config key whose value differs between runs.
struct ConfigDifference {
  std::string key;                  ///< dotted
  std::vector<std::string> values;  ///< of each run, as JSON; empty if it has no such key
};

struct Comparison {
  std::vector<ComparedRun> runs;
  std::vector<ConfigDifference> differences;  ///< without output.dir
};

/// @throws DataError if a run's summary lacks a key; UsageError if data.split differs between runs
[[nodiscard]] Comparison compare(std::span<const RunRecord> runs);

}  // namespace qmnist
