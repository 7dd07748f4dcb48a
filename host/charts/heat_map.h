#pragma once

#include <span>
#include <string>

#include "host/trainer/evaluation.h"

namespace qmnist {

/// The confusion matrix as an HTML table: a row per true class, a column per predicted class. Each
/// cell has the CSS property --heat, its percentage of the largest count, and the CSS class "high"
/// if its text needs the inverse colour.
[[nodiscard]] std::string confusion_html(const Evaluation& evaluation,
                                         std::span<const std::string> classes);

/// The same as an SVG document, in the style of seaborn's heatmap with counts in the cells,
/// where there is room for them.
[[nodiscard]] std::string confusion_svg(const Evaluation& evaluation,
                                        std::span<const std::string> classes);

}  // namespace qmnist
