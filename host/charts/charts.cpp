#include "host/charts/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "host/charts/axis.h"

namespace qmnist {
namespace {

// A curve chart in SVG user units: its size, and the edges of the plot in it.
constexpr double kWidth = 440;
constexpr double kHeight = 300;
constexpr double kLeft = 58;
constexpr double kRight = 428;
constexpr double kTop = 44;
constexpr double kBottom = 254;

/// A line of a chart: its name, which is also its CSS class, and a value per epoch.
struct Curve {
  std::string_view name;
  std::vector<double> values;
};

std::vector<Curve> curves_of(Measure measure, std::span<const EpochMetrics> history) {
  const auto value = [&](double loss, double accuracy) {
    return measure == Measure::kLoss ? loss : 100 * accuracy;
  };
  Curve training{.name = "training", .values = {}};
  Curve validation{.name = "validation", .values = {}};
  for (const EpochMetrics& epoch : history) {
    training.values.push_back(value(epoch.loss, epoch.accuracy));
    if (epoch.validation) {
      validation.values.push_back(value(epoch.validation->loss, epoch.validation->accuracy));
    }
  }
  // If only a part of the epochs has validation values, the curve would be shifted.
  if (validation.values.empty() || validation.values.size() != training.values.size()) {
    return {training};
  }
  return {training, validation};
}

/// Losses start at 0, accuracies end at 100 %, so that the optimum is always visible.
Axis value_axis(Measure measure, std::span<const Curve> curves) {
  double low = measure == Measure::kLoss ? 0 : 99;
  double high = measure == Measure::kLoss ? 1e-3 : 100;
  for (const Curve& curve : curves) {
    for (const double value : curve.values) {
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  return round_axis(low, high, 5);
}

double x_of(const Axis& axis, double value) {
  return kLeft + axis.position(value) * (kRight - kLeft);
}

double y_of(const Axis& axis, double value) {
  return kBottom - axis.position(value) * (kBottom - kTop);
}

std::string axes(const Axis& x, const Axis& y, std::string_view y_label) {
  std::string svg;
  const auto out = std::back_inserter(svg);
  for (const double tick : y.ticks()) {
    fmt::format_to(out,
                   "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/>"
                   "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                   kLeft, y_of(y, tick), kRight, kLeft - 8, y_of(y, tick) + 4, y.label(tick));
  }
  for (const double tick : x.ticks()) {
    fmt::format_to(out,
                   "<path class=\"axis\" d=\"M{0:.1f} {1}v5\"/><text class=\"tick\" x=\"{0:.1f}\""
                   " y=\"{2}\" text-anchor=\"middle\">{3}</text>\n",
                   x_of(x, tick), kBottom, kBottom + 20, x.label(tick));
  }
  fmt::format_to(out,
                 "<path class=\"axis\" d=\"M{0} {1}H{2}\"/>\n"
                 "<text class=\"label\" x=\"{3}\" y=\"{4}\" text-anchor=\"middle\">epoch</text>\n"
                 "<text class=\"label\" transform=\"translate(14 {5}) rotate(-90)\""
                 " text-anchor=\"middle\">{6}</text>\n",
                 kLeft, kBottom, kRight, (kLeft + kRight) / 2, kHeight - 8, (kTop + kBottom) / 2,
                 y_label);
  return svg;
}

std::string line(const Curve& curve, const Axis& x, const Axis& y) {
  constexpr std::size_t kMaxPoints = 600;  // about one per pixel
  constexpr std::size_t kMaxMarks = 30;
  std::string points;
  std::string marks;
  for (const std::size_t i : evenly_spaced(curve.values.size(), kMaxPoints)) {
    if (!std::isfinite(curve.values[i])) {
      continue;
    }
    const double at_x = x_of(x, static_cast<double>(i + 1));
    const double at_y = y_of(y, curve.values[i]);
    fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ", at_x, at_y);
    if (curve.values.size() <= kMaxMarks) {
      fmt::format_to(std::back_inserter(marks),
                     "<circle class=\"mark {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>\n",
                     curve.name, at_x, at_y);
    }
  }
  return fmt::format("<polyline class=\"line {}\" points=\"{}\"/>\n{}", curve.name, points, marks);
}

std::string legend(std::span<const Curve> curves) {
  constexpr double kEntry = 100;
  std::string svg;
  double x = kRight - kEntry * static_cast<double>(curves.size());
  for (const Curve& curve : curves) {
    fmt::format_to(std::back_inserter(svg),
                   "<path class=\"line {0}\" d=\"M{1} 20h20\"/><circle class=\"mark {0}\" "
                   "cx=\"{2}\" cy=\"20\" r=\"3\"/><text class=\"label\" x=\"{3}\" y=\"24\">{0}"
                   "</text>\n",
                   curve.name, x, x + 10, x + 27);
    x += kEntry;
  }
  return svg;
}

/// The chart as text, for screen readers.
std::string description(std::span<const Curve> curves, std::string_view unit) {
  std::string text;
  for (const Curve& curve : curves) {
    if (!curve.values.empty()) {
      fmt::format_to(std::back_inserter(text),
                     "{}: {:.4g}{} after epoch 1, {:.4g}{} after epoch {}. ", curve.name,
                     curve.values.front(), unit, curve.values.back(), unit, curve.values.size());
    }
  }
  return text;
}

}  // namespace

std::vector<std::size_t> evenly_spaced(std::size_t count, std::size_t max_count) {
  const std::size_t size = std::min(count, max_count);
  std::vector<std::size_t> numbers(size);
  for (std::size_t i = 1; i < size; ++i) {
    numbers[i] = i * (count - 1) / (size - 1);
  }
  return numbers;
}

std::string curve_chart(Measure measure, std::span<const EpochMetrics> history) {
  const bool is_loss = measure == Measure::kLoss;
  const std::string_view name = is_loss ? "loss" : "accuracy";
  const std::vector<Curve> curves = curves_of(measure, history);
  const Axis x = epoch_axis(history.size());
  const Axis y = value_axis(measure, curves);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\" aria-labelledby=\"{2}-title {2}-description\">\n"
      "<title id=\"{2}-title\">{3} over the epochs</title>\n"
      "<desc id=\"{2}-description\">{4}</desc>\n"
      "<text class=\"title\" x=\"{5}\" y=\"25\">{3}</text>\n",
      kWidth, kHeight, name, is_loss ? "Loss" : "Accuracy",
      description(curves, is_loss ? "" : " %"), kLeft);
  svg += axes(x, y, is_loss ? "mean cross-entropy" : "accuracy, %") + legend(curves);
  for (const Curve& curve : curves) {
    svg += line(curve, x, y);
  }
  return svg + "</svg>\n";
}

std::string chart_style(const ChartStyle& style) {
  return fmt::format(
      ".chart{{font-family:{};font-size:13px}}\n"
      ".chart .title{{font-size:16px;font-weight:600;fill:{}}}\n"
      ".chart .tick,.chart .label{{fill:{muted}}}\n"
      ".chart .grid,.chart .axis{{stroke-width:1;stroke:{}}}\n"
      ".chart .axis{{stroke:{muted}}}\n"
      ".chart .line{{fill:none;stroke-width:2;stroke-linejoin:round}}\n"
      ".chart .line.training{{stroke:{training}}}\n"
      ".chart .mark.training{{fill:{training}}}\n"
      ".chart .line.validation{{stroke:{validation};stroke-dasharray:6 3}}\n"
      ".chart .mark.validation{{fill:{validation}}}\n",
      style.font, style.text, style.grid, fmt::arg("muted", style.muted),
      fmt::arg("training", style.training), fmt::arg("validation", style.validation));
}

std::string curves_svg(std::span<const EpochMetrics> history) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" "
      "viewBox=\"0 0 {} {}\">\n<style>{}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      2 * kWidth * kImageScale, kHeight * kImageScale, 2 * kWidth, kHeight,
      chart_style(kImageStyle));
  fmt::format_to(std::back_inserter(svg),
                 "<svg width=\"{0}\" height=\"{1}\">{2}</svg>\n"
                 "<svg x=\"{0}\" width=\"{0}\" height=\"{1}\">{3}</svg>\n</svg>\n",
                 kWidth, kHeight, curve_chart(Measure::kLoss, history),
                 curve_chart(Measure::kAccuracy, history));
  return svg;
}

}  // namespace qmnist
