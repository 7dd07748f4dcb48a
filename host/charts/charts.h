#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/trainer/metrics.h"

namespace qmnist {

/// What a chart of the history shows.
enum class Measure { kLoss, kAccuracy };

/// Colours, as CSS writes them, and font of the charts.
struct ChartStyle {
  std::string_view font;
  std::string_view text;
  std::string_view muted;  ///< axes and their labels
  std::string_view grid;
  std::string_view training;
  std::string_view validation;
};

/// Of charts in PNG files.
inline constexpr ChartStyle kPictureStyle{.font = "DejaVu Sans, sans-serif",
                                          .text = "#1b1f24",
                                          .muted = "#57606a",
                                          .grid = "#d8dee4",
                                          .training = "#0b62c4",
                                          .validation = "#b64708"};
inline constexpr double kPictureScale = 1.5;  ///< pixels a unit

/// An <svg> element: a measure over the epochs, of the training and, where there is one, of the
/// validation part. It has classes in place of colours, which chart_style() gives them. Values
/// that are not finite are left out; of very many epochs evenly spaced ones are drawn.
[[nodiscard]] std::string curve_chart(Measure measure, std::span<const EpochMetrics> history);

/// Style rules for curve_chart(), without a <style> element around them.
[[nodiscard]] std::string chart_style(const ChartStyle& style);

/// An SVG document: the curves of loss and accuracy side by side.
[[nodiscard]] std::string curves_svg(std::span<const EpochMetrics> history);

/// At most `most` >= 2 of the numbers 0 .. count - 1, evenly spaced, the first and the last among
/// them.
[[nodiscard]] std::vector<std::size_t> evenly_spaced(std::size_t count, std::size_t most);

}  // namespace qmnist
