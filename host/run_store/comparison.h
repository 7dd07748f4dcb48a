#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/run_store/run_record.h"

namespace qmnist {

/// Two models on the same images: how often only one of them was right.
struct Disagreement {
  std::size_t only_first = 0;
  std::size_t only_second = 0;
};

/// Nothing where the two did not predict the same images in the same order.
[[nodiscard]] std::optional<Disagreement> disagreement(std::span<const Prediction> first,
                                                       std::span<const Prediction> second);

/// McNemar's exact test: the probability of a disagreement at least that uneven if both models
/// were equally good, 0..1.
/// Source: McNemar, Note on the sampling error of the difference between correlated proportions or
/// percentages (1947); exact form: two-sided binomial test of the disagreements against 1/2.
[[nodiscard]] double mcnemar_p(const Disagreement& disagreement);

/// A run beside the first one.
struct ComparedRun {
  std::string name;
  double accuracy = 0;
  double loss = 0;
  std::size_t epochs = 0;
  double seconds_train = 0;
  std::size_t digits = 0;
  std::optional<Disagreement> against_first;  ///< nothing for the first, or with other test digits
};

/// A config key that is not the same in all runs.
struct ConfigDifference {
  std::string key;                  ///< dotted
  std::vector<std::string> values;  ///< a run each, as JSON; empty where it has no such key
};

struct Comparison {
  std::vector<ComparedRun> runs;
  std::vector<ConfigDifference> differences;  ///< all but output.dir
};

/// @throws DataError where a run's summary lacks what every summary has.
[[nodiscard]] Comparison compare(std::span<const RunRecord> runs);

}  // namespace qmnist
