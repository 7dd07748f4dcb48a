#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/format/text.h"
#include "host/sweep/sweep.h"

namespace qmnist::sweep {

/// Mean and standard deviation of a sample.
struct MeanStddev {
  double mean;
  double stddev;  ///< with Bessel's correction (n - 1); 0 for one value
};
[[nodiscard]] MeanStddev mean_stddev(std::span<const double> values);

/// Of accuracies (0 to 1): "98.11 ± 0.04 %".
[[nodiscard]] std::string mean_stddev_text(const MeanStddev& accuracies);

/// Trials that differ only in training.seed.
struct Configuration {
  Json parameters;                  ///< dotted key to value, without the seed
  std::vector<std::size_t> trials;  ///< numbers of the trials that did not fail
};

/// The configurations of a sweep, best first, ranked by the mean validation accuracy of their
/// trials. After halving, each trial is a configuration and those with more epochs come first. A
/// repetition is one configuration, ranked by test accuracy.
[[nodiscard]] std::vector<Configuration> rank_configurations(const Sweep& sweep);

/// @throws Error with the status of the first trial that failed, if any did
void throw_failed_trials(const Sweep& sweep);

/// A table with a row per configuration.
[[nodiscard]] Table configurations_table(const Sweep& sweep,
                                         std::span<const Configuration> configurations);

/// A chart of each configuration's accuracies, an SVG document.
[[nodiscard]] std::string configurations_chart(const Sweep& sweep,
                                               std::span<const Configuration> configurations);

/// A trial's parameters as one line: "optimizer.learning_rate 0.001, training.batch_size 64".
[[nodiscard]] std::string parameters_text(const Json& parameters);

}  // namespace qmnist::sweep
