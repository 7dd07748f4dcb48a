#pragma once

#include <string>

#include "host/config/config.h"
#include "host/data/split.h"
#include "host/run_store/checkpoint.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// The result of a finished run: the content of summary.json and report.html.
struct RunResult {
  const Config& config;
  const Dataset& dataset;
  const Split& split;
  const Network& network;
  const Checkpoint& checkpoint;
  const Evaluation& test;
  std::string device;
  double seconds_load;
  double seconds_test;

  [[nodiscard]] double seconds_train() const;       ///< of all epochs, before a resume too
  [[nodiscard]] double samples_per_second() const;  ///< of training
};

/// Precision, recall, F1 and support of each class.
[[nodiscard]] Json per_class_json(const Evaluation& evaluation,
                                  std::span<const std::string> classes);

/// The content of summary.json.
[[nodiscard]] Json summary_json(const RunResult& result);

}  // namespace qmnist
