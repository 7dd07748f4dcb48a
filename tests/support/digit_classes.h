#pragma once

#include <vector>

#include "host/data/class_names.h"
#include "host/trainer/evaluation.h"

namespace qmnist::test {

inline const ClassNames kDigitNames = numbered_classes(kDigitCount);

/// An evaluation of so many classes without an image.
[[nodiscard]] inline Evaluation empty_evaluation(std::size_t classes = kDigitCount) {
  Evaluation evaluation;
  evaluation.confusion.assign(classes, std::vector<std::uint64_t>(classes));
  evaluation.per_class.resize(classes);
  return evaluation;
}

}  // namespace qmnist::test
