#pragma once

#include <string>

#include "host/trainer/evaluation.h"

namespace qmnist {

/// The confusion matrix as an HTML table, true digits down, predictions across. Each cell has its
/// share of the largest count as --heat, from 0 % to 100 %, and the class "high" where the ink must
/// be the other one of black and white to be read.
[[nodiscard]] std::string confusion_html(const Evaluation& evaluation);

/// The same as an SVG document, as seaborn's heatmap draws it with counts in the cells.
[[nodiscard]] std::string confusion_svg(const Evaluation& evaluation);

}  // namespace qmnist
