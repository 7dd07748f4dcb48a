#include "host/charts/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "host/charts/axis.h"
#include "host/html/html.h"

namespace qmnist {
namespace {

// In SVG user units: the chart, the matrix in it, and the colour bar.
constexpr double kMapWidth = 612;
constexpr double kMapHeight = 570;
constexpr double kMapLeft = 62;
constexpr double kMapTop = 48;
constexpr double kCell = 46;
constexpr double kMapSide = kCell * kClasses;
constexpr double kBarLeft = 542;
constexpr double kBarWidth = 18;

constexpr double kMapScale = 1.5;  // pixels per unit; a cell has a whole number of pixels

// From this fraction of the largest count, text is white instead of black. Both have a contrast of
// at least 4.5 there, also on the report's dark scale.
constexpr double kWhiteTextHeat = 0.72;

using Colour = std::array<double, 3>;
constexpr Colour kNone{247, 251, 255};  // of ColorBrewer's Blues
constexpr Colour kFull{8, 69, 148};

std::string fill(double heat) {
  Colour mixed{};
  std::ranges::transform(kNone, kFull, mixed.begin(), [heat](double none, double full) {
    return std::round(none + heat * (full - none));
  });
  return fmt::format("rgb({},{},{})", mixed[0], mixed[1], mixed[2]);
}

std::uint64_t largest_count(const Evaluation& evaluation) {
  std::uint64_t largest = 1;
  for (const auto& row : evaluation.confusion) {
    largest = std::max(largest, *std::ranges::max_element(row));
  }
  return largest;
}

double heat_of(std::uint64_t count, std::uint64_t largest) {
  return static_cast<double>(count) / static_cast<double>(largest);
}

std::string cells(const Evaluation& evaluation) {
  const std::uint64_t largest = largest_count(evaluation);
  std::string svg;
  for (std::size_t label = 0; label < kClasses; ++label) {
    for (std::size_t predicted = 0; predicted < kClasses; ++predicted) {
      const std::uint64_t count = evaluation.confusion[label][predicted];
      const double heat = heat_of(count, largest);
      const double x = kMapLeft + kCell * static_cast<double>(predicted);
      const double y = kMapTop + kCell * static_cast<double>(label);
      fmt::format_to(std::back_inserter(svg),
                     "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>"
                     "<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n",
                     x, y, kCell, kCell, fill(heat), x + kCell / 2, y + kCell / 2 + 5,
                     heat < kWhiteTextHeat ? "#000000" : "#ffffff", count);
    }
  }
  return svg;
}

std::string digit_labels() {
  std::string svg;
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    const double middle = kCell * (static_cast<double>(digit) + 0.5);
    fmt::format_to(std::back_inserter(svg),
                   "<text x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\">{}</text>\n",
                   kMapLeft + middle, kMapTop + kMapSide + 20, digit, kMapLeft - 14,
                   kMapTop + middle + 5, digit);
  }
  return svg;
}

/// The colour scale from 0 to the largest count.
std::string colour_bar(std::uint64_t largest) {
  constexpr double kMaxSteps = 10;
  std::string svg = fmt::format(
      "<linearGradient id=\"scale\" x1=\"0\" x2=\"0\" y1=\"1\" y2=\"0\"><stop stop-color=\"{}\"/>"
      "<stop offset=\"1\" stop-color=\"{}\"/></linearGradient>\n"
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#scale)\"/>\n",
      fill(0), fill(1), kBarLeft, kMapTop, kBarWidth, kMapSide);
  const Axis axis = axis_of(0, static_cast<double>(largest), kMaxSteps);
  for (const double tick : axis.ticks()) {
    const double y = kMapTop + (1 - axis.position(tick)) * kMapSide;
    fmt::format_to(std::back_inserter(svg),
                   "<path d=\"M{} {:.1f}h5\" stroke=\"#1b1f24\"/>"
                   "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"start\">{}</text>\n",
                   kBarLeft + kBarWidth, y, kBarLeft + kBarWidth + 9, y + 5, axis.label(tick));
  }
  return svg;
}

}  // namespace

std::string confusion_html(const Evaluation& evaluation) {
  const std::uint64_t largest = largest_count(evaluation);
  std::string html =
      "<table class=\"confusion\">\n<caption>Rows: true class; columns: predicted class</caption>\n"
      "<thead><tr><td></td><th scope=\"colgroup\" colspan=\"10\">Predicted</th></tr>\n"
      "<tr><th scope=\"col\">True</th>";
  const auto out = std::back_inserter(html);
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    fmt::format_to(out, "<th scope=\"col\">{}</th>", digit);
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t label = 0; label < kClasses; ++label) {
    fmt::format_to(out, "<tr><th scope=\"row\">{}</th>", label);
    for (const std::uint64_t count : evaluation.confusion[label]) {
      const double heat = heat_of(count, largest);
      fmt::format_to(out, "<td{} style=\"--heat:{:.1f}%\">{}</td>",
                     heat < kWhiteTextHeat ? "" : " class=\"high\"", 100 * heat, count);
    }
    html += "</tr>\n";
  }
  return scroll_box("Confusion matrix", html + "</tbody>\n</table>\n");
}

std::string confusion_svg(const Evaluation& evaluation) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" "
      "viewBox=\"0 0 {} {}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<g font-family=\"DejaVu Sans, sans-serif\" font-size=\"13\" text-anchor=\"middle\" "
      "fill=\"#1b1f24\">\n",
      kMapWidth * kMapScale, kMapHeight * kMapScale, kMapWidth, kMapHeight);
  svg += cells(evaluation) + digit_labels() + colour_bar(largest_count(evaluation));
  fmt::format_to(std::back_inserter(svg),
                 "<text x=\"{0}\" y=\"30\" font-size=\"17\">Confusion matrix</text>\n"
                 "<text x=\"{0}\" y=\"{1}\" font-size=\"15\">Predicted</text>\n"
                 "<text transform=\"translate(22 {2}) rotate(-90)\" font-size=\"15\">True</text>\n"
                 "</g>\n</svg>\n",
                 kMapLeft + kMapSide / 2, kMapTop + kMapSide + 46, kMapTop + kMapSide / 2);
  return svg;
}

}  // namespace qmnist
