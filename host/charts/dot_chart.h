#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist {

/// A row of a dot chart: several values of one thing.
struct DotRow {
  std::string label;
  std::vector<double> values;  ///< finite
};

/// An SVG document: a row each from the top, a dot for each value, and a stroke at the mean of
/// several. There is at least one value.
[[nodiscard]] std::string dot_chart_svg(std::string_view title, std::string_view unit,
                                        std::span<const DotRow> rows);

}  // namespace qmnist
