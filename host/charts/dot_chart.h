#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist {

/// A row of a dot chart.
struct DotRow {
  std::string label;
  std::vector<double> values;  ///< finite
};

/// An SVG document with the rows from top to bottom, a dot per value, and a mark at the mean of
/// several values. There must be at least one value.
[[nodiscard]] std::string dot_chart_svg(std::string_view title, std::string_view unit,
                                        std::span<const DotRow> rows);

}  // namespace qmnist
