#pragma once

#include <span>
#include <string>

#include "host/trainer/evaluation.h"

namespace qmnist {

/// The confusion matrix: a row per true class, a column per predicted class. Of more than 12
/// classes, which do not fit on a terminal, the most frequent confusions.
[[nodiscard]] std::string confusion_table(const Evaluation& evaluation,
                                          std::span<const std::string> classes);

/// Precision, recall, F1 and support of each class; of many classes, of those with the lowest F1.
[[nodiscard]] std::string per_class_table(const Evaluation& evaluation,
                                          std::span<const std::string> classes);

}  // namespace qmnist
