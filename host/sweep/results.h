#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/format/text.h"
#include "host/sweep/sweep.h"

namespace qmnist {

/// Mean and standard deviation of a sample.
struct MeanStddev {
  double mean;
  double deviation;  ///< with n - 1; 0 for one value
};
[[nodiscard]] MeanStddev spread_of(std::span<const double> values);

/// Trials that differ in nothing but training.seed.
struct Setting {
  Json parameters;                  ///< but the seed; dotted key to value
  std::vector<std::size_t> trials;  ///< that did not fail
};

/// The settings of a sweep, the best first: by the mean validation accuracy of their trials, after
/// halving, where each trial stands by itself, by the epochs that they reached before that. A
/// repetition is one setting.
[[nodiscard]] std::vector<Setting> ranked_settings(const Sweep& sweep);

/// A row per setting.
[[nodiscard]] Table settings_table(const Sweep& sweep, std::span<const Setting> settings);

/// For a repetition: mean and deviation of its accuracies over the seeds, a sentence.
[[nodiscard]] std::string repetition_text(const Sweep& sweep);

/// results.csv: a row per trial, in their order.
[[nodiscard]] std::string results_csv(const Sweep& sweep);

/// A picture of each setting's accuracies, an SVG document.
[[nodiscard]] std::string settings_chart(const Sweep& sweep, std::span<const Setting> settings);

/// A trial's parameters on one line: "optimizer.learning_rate 0.001, training.batch_size 64".
[[nodiscard]] std::string parameters_text(const Json& parameters);

}  // namespace qmnist
