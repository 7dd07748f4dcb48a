#pragma once

#include <cstddef>
#include <string>

#include "host/model/network.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// A count with separators between thousands: 109,386.
[[nodiscard]] std::string grouped(std::size_t count);

/// An accuracy 0..1 with its deviation: "97.54 ± 0.13 %".
[[nodiscard]] std::string accuracy_text(const Evaluation& evaluation);

/// Keras's model summary: a line per layer with output size and parameters.
[[nodiscard]] std::string network_table(const Network& network);

/// The confusion matrix: true digits down, predictions across.
[[nodiscard]] std::string confusion_table(const Evaluation& evaluation);

/// Precision, recall, F1 and support of every digit.
[[nodiscard]] std::string per_class_table(const Evaluation& evaluation);

}  // namespace qmnist
