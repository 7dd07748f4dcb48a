#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/trainer/metrics.h"

namespace qmnist {

/// The quantity of a chart over the epochs.
enum class Measure { kLoss, kAccuracy };

/// CSS colours and font of the charts.
struct ChartStyle {
  std::string_view font;
  std::string_view text;
  std::string_view muted;  ///< axes and their labels
  std::string_view grid;
  std::string_view training;
  std::string_view validation;
};

/// The style of charts in PNG files.
inline constexpr ChartStyle kImageStyle{.font = "DejaVu Sans, sans-serif",
                                        .text = "#1b1f24",
                                        .muted = "#57606a",
                                        .grid = "#d8dee4",
                                        .training = "#0b62c4",
                                        .validation = "#b64708"};
inline constexpr double kImageScale = 1.5;  ///< pixels per SVG user unit

/// An <svg> element: a measure over the epochs, for the training set and, if there is one, for the
/// validation set. Its CSS classes get colours from chart_style(). Values that are not finite are
/// left out; a very long history is sampled at evenly spaced epochs.
[[nodiscard]] std::string curve_chart(Measure measure, std::span<const EpochMetrics> history);

/// Style rules for curve_chart(), without a <style> element around them.
[[nodiscard]] std::string chart_style(const ChartStyle& style);

/// An SVG document with the curves of loss and accuracy side by side.
[[nodiscard]] std::string curves_svg(std::span<const EpochMetrics> history);

/// At most `max_count` (>= 2) of the numbers 0 .. count - 1, evenly spaced, including the first and
/// the last.
[[nodiscard]] std::vector<std::size_t> evenly_spaced(std::size_t count, std::size_t max_count);

}  // namespace qmnist
