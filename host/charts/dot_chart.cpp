#include "host/charts/dot_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "host/charts/axis.h"
#include "host/charts/charts.h"
#include "host/html/html.h"

namespace qmnist {
namespace {

// In SVG user units.
constexpr double kPlotWidth = 420;
constexpr double kRowHeight = 24;
constexpr double kDotsTop = 44;
constexpr double kDotsFoot = 52;
constexpr double kDotsMargin = 24;
constexpr double kCharacter = 7.6;  // average width in this font

Axis axis_of_rows(std::span<const DotRow> rows) {
  constexpr double kMinWidth = 1e-6;
  constexpr double kMaxSteps = 6;
  std::vector<double> all;
  for (const DotRow& row : rows) {
    all.insert(all.end(), row.values.begin(), row.values.end());
  }
  const auto [low, high] = std::ranges::minmax(all);
  return round_axis(low, std::max(high, low + kMinWidth), kMaxSteps);
}

double label_width(std::span<const DotRow> rows) {
  std::size_t longest = 0;
  for (const DotRow& row : rows) {
    longest = std::max(longest, row.label.size());
  }
  return kCharacter * static_cast<double>(longest);
}

double mean(const std::vector<double>& values) {
  return std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
}

}  // namespace

std::string dot_chart_svg(std::string_view title, std::string_view unit,
                          std::span<const DotRow> rows) {
  const Axis axis = axis_of_rows(rows);
  const double left = kDotsMargin + label_width(rows) + kDotsMargin / 2;
  const double width = left + kPlotWidth + kDotsMargin;
  const double bottom = kDotsTop + kRowHeight * static_cast<double>(rows.size());
  const auto x_of = [&](double value) { return left + axis.position(value) * kPlotWidth; };
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {2} {3}\">\n<style>{4}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text class=\"title\" x=\"{5}\" y=\"25\">{6}</text>\n",
      kImageScale * width, kImageScale * (bottom + kDotsFoot), width, bottom + kDotsFoot,
      chart_style(kImageStyle), kDotsMargin, escaped(title));
  const auto out = std::back_inserter(svg);
  for (const double tick : axis.ticks()) {
    fmt::format_to(out,
                   "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text class=\"tick\" "
                   "x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
                   x_of(tick), kDotsTop, bottom, bottom + 18, axis.label(tick));
  }
  fmt::format_to(out, "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                 left + kPlotWidth / 2, bottom + 40, escaped(unit));
  double middle = kDotsTop + kRowHeight / 2;
  for (const DotRow& row : rows) {
    fmt::format_to(out, "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                   left - kDotsMargin / 2, middle + 4, escaped(row.label));
    for (const double value : row.values) {
      fmt::format_to(out, "<circle class=\"mark training\" cx=\"{:.1f}\" cy=\"{}\" r=\"4\"/>\n",
                     x_of(value), middle);
    }
    if (row.values.size() > 1) {
      fmt::format_to(out, "<path class=\"axis\" d=\"M{:.1f} {}v16\"/>\n", x_of(mean(row.values)),
                     middle - 8);
    }
    middle += kRowHeight;
  }
  return svg + "</svg>\n";
}

}  // namespace qmnist
