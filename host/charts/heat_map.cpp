#include "host/charts/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "host/charts/axis.h"
#include "host/format/text.h"
#include "host/html/html.h"

namespace qmnist {
namespace {

constexpr double kMapScale = 1.5;        // pixels per unit; a cell has a whole number of pixels
constexpr double kMapTop = 48;           // lengths are in SVG user units
constexpr double kBarWidth = 18;         // of the colours
constexpr std::size_t kSmallMap = 12;    // classes, up to which cells are large enough for counts
constexpr double kCharacterWidth = 7.5;  // of a label

/// The matrix in the chart.
struct Map {
  double cell;    ///< side of a cell
  double side;    ///< of the matrix
  double left;    ///< of the matrix
  double names;   ///< width of the longest class name
  bool has_room;  ///< for counts in the cells

  explicit Map(std::span<const std::string> classes) {
    constexpr double kCell = 46;
    constexpr double kLargest = 1260;  // pixels of a matrix of many classes
    constexpr double kRoom = 62;
    const auto count = static_cast<double>(classes.size());
    has_room = classes.size() <= kSmallMap;
    cell = has_room ? kCell : std::max(1.0, std::floor(kLargest / count)) / kMapScale;
    side = cell * count;
    names = kCharacterWidth * static_cast<double>(std::max(widest(classes), std::size_t{1}));
    left = kRoom + names - kCharacterWidth;
  }
  /// Whether names stand upright below the columns.
  [[nodiscard]] bool is_upright() const { return names > cell - 4; }
  [[nodiscard]] double bar_left() const { return left + side + 20; }
  [[nodiscard]] double width() const { return whole(bar_left() + kBarWidth + 52); }
  [[nodiscard]] double below() const { return is_upright() ? names : 10; }  ///< of names
  [[nodiscard]] double height() const { return whole(kMapTop + side + below() + 52); }
  /// At least this length, and a whole number of pixels.
  [[nodiscard]] static double whole(double length) { return 2 * std::ceil(length / 2); }
};

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

std::string cells(const Evaluation& evaluation, const Map& map) {
  const std::uint64_t largest = largest_count(evaluation);
  std::string svg;
  const auto out = std::back_inserter(svg);
  for (std::size_t label = 0; label < evaluation.classes(); ++label) {
    for (std::size_t predicted = 0; predicted < evaluation.classes(); ++predicted) {
      const std::uint64_t count = evaluation.confusion[label][predicted];
      const double heat = heat_of(count, largest);
      const double x = map.left + map.cell * static_cast<double>(predicted);
      const double y = kMapTop + map.cell * static_cast<double>(label);
      fmt::format_to(out, R"(<rect x="{:g}" y="{:g}" width="{:g}" height="{:g}" fill="{}"/>)", x, y,
                     map.cell, map.cell, fill(heat));
      if (map.has_room) {
        fmt::format_to(out, R"(<text x="{}" y="{}" fill="{}">{}</text>)", x + map.cell / 2,
                       y + map.cell / 2 + 5, heat < kWhiteTextHeat ? "#000000" : "#ffffff", count);
      }
      svg += '\n';
    }
  }
  return svg;
}

/// The classes' names, each so many that they do not overlap.
std::string class_labels(std::span<const std::string> classes, const Map& map) {
  constexpr double kLineHeight = 13;
  const auto step = static_cast<std::size_t>(std::ceil(kLineHeight / map.cell));
  const double bottom = kMapTop + map.side;
  std::string svg;
  for (std::size_t label = 0; label < classes.size(); label += step) {
    const std::string name = escaped(classes[label]);
    const double middle = map.cell * (static_cast<double>(label) + 0.5);
    const double x = map.left + middle;
    const std::string place =
        map.is_upright()
            ? fmt::format("transform=\"translate({:g} {:g}) rotate(-90)\" text-anchor=\"end\"",
                          x + 5, bottom + 8)
            : fmt::format(R"(x="{:g}" y="{:g}")", x, bottom + 20);
    fmt::format_to(std::back_inserter(svg),
                   "<text {}>{}</text><text x=\"{:g}\" y=\"{:g}\" text-anchor=\"end\">{}</text>\n",
                   place, name, map.left - 10, kMapTop + middle + 5, name);
  }
  return svg;
}

/// The colour scale from 0 to the largest count.
std::string colour_bar(std::uint64_t largest, const Map& map) {
  constexpr double kMaxSteps = 10;
  std::string svg = fmt::format(
      "<linearGradient id=\"scale\" x1=\"0\" x2=\"0\" y1=\"1\" y2=\"0\"><stop stop-color=\"{}\"/>"
      "<stop offset=\"1\" stop-color=\"{}\"/></linearGradient>\n"
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#scale)\"/>\n",
      fill(0), fill(1), map.bar_left(), kMapTop, kBarWidth, map.side);
  const Axis axis = axis_of(0, static_cast<double>(largest), kMaxSteps);
  for (const double tick : axis.ticks()) {
    const double y = kMapTop + (1 - axis.position(tick)) * map.side;
    fmt::format_to(std::back_inserter(svg),
                   "<path d=\"M{} {:.1f}h5\" stroke=\"#1b1f24\"/>"
                   "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"start\">{}</text>\n",
                   map.bar_left() + kBarWidth, y, map.bar_left() + kBarWidth + 9, y + 5,
                   axis.label(tick));
  }
  return svg;
}

}  // namespace

std::string confusion_html(const Evaluation& evaluation, std::span<const std::string> classes) {
  const std::uint64_t largest = largest_count(evaluation);
  std::string html = fmt::format(
      "<table class=\"confusion{}\">\n<caption>Rows: true class; columns: predicted "
      "class</caption>\n"
      "<thead><tr><td></td><th scope=\"colgroup\" colspan=\"{}\">Predicted</th></tr>\n"
      "<tr><th scope=\"col\">True</th>",
      classes.size() > kSmallMap ? " many" : "", classes.size());
  const auto out = std::back_inserter(html);
  for (const std::string& name : classes) {
    fmt::format_to(out, "<th scope=\"col\">{}</th>", escaped(name));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t label = 0; label < classes.size(); ++label) {
    fmt::format_to(out, "<tr><th scope=\"row\">{}</th>", escaped(classes[label]));
    for (const std::uint64_t count : evaluation.confusion[label]) {
      const double heat = heat_of(count, largest);
      fmt::format_to(out, "<td{} style=\"--heat:{:.1f}%\">{}</td>",
                     heat < kWhiteTextHeat ? "" : " class=\"high\"", 100 * heat, count);
    }
    html += "</tr>\n";
  }
  return scroll_box("Confusion matrix", html + "</tbody>\n</table>\n");
}

std::string confusion_svg(const Evaluation& evaluation, std::span<const std::string> classes) {
  const Map map(classes);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" "
      "viewBox=\"0 0 {} {}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<g font-family=\"DejaVu Sans, sans-serif\" font-size=\"13\" text-anchor=\"middle\" "
      "fill=\"#1b1f24\">\n",
      map.width() * kMapScale, map.height() * kMapScale, map.width(), map.height());
  svg += cells(evaluation, map) + class_labels(classes, map) +
         colour_bar(largest_count(evaluation), map);
  fmt::format_to(std::back_inserter(svg),
                 "<text x=\"{0}\" y=\"30\" font-size=\"17\">Confusion matrix</text>\n"
                 "<text x=\"{0}\" y=\"{1}\" font-size=\"15\">Predicted</text>\n"
                 "<text transform=\"translate(22 {2}) rotate(-90)\" font-size=\"15\">True</text>\n"
                 "</g>\n</svg>\n",
                 map.left + map.side / 2, map.height() - 16, kMapTop + map.side / 2);
  return svg;
}

}  // namespace qmnist
