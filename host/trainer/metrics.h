#pragma once

#include <cstddef>
#include <optional>

#include "host/json.h"

namespace qmnist {

/// An epoch's line in metrics.jsonl.
struct EpochMetrics {
  struct Validation {
    double loss;
    double accuracy;
  };
  std::size_t epoch;     ///< 1, 2, ...
  double loss;           ///< running mean over the epoch, while the weights change
  double accuracy;       ///< likewise
  double seconds;        ///< of training and validation
  double learning_rate;  ///< of the epoch's last step
  std::optional<Validation> validation;
};

[[nodiscard]] inline Json to_json(const EpochMetrics& metrics) {
  Json json{{"epoch", metrics.epoch},
            {"loss", metrics.loss},
            {"accuracy", metrics.accuracy},
            {"seconds", metrics.seconds},
            {"learning_rate", metrics.learning_rate}};
  if (metrics.validation) {
    json["val_loss"] = metrics.validation->loss;
    json["val_accuracy"] = metrics.validation->accuracy;
  }
  return json;
}

/// The same without the time, in which equal runs differ.
[[nodiscard]] inline Json timeless_json(const EpochMetrics& metrics) {
  Json json = to_json(metrics);
  json.erase("seconds");
  return json;
}

/// The metrics in such an object; the time is 0.
[[nodiscard]] inline EpochMetrics epoch_metrics_from(const Json& json) {
  EpochMetrics metrics{.epoch = json.at("epoch"),
                       .loss = json.at("loss"),
                       .accuracy = json.at("accuracy"),
                       .seconds = 0,
                       .learning_rate = json.at("learning_rate"),
                       .validation = {}};
  if (json.contains("val_loss")) {
    metrics.validation = {json.at("val_loss"), json.at("val_accuracy")};
  }
  return metrics;
}

}  // namespace qmnist
