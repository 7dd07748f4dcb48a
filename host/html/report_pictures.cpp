#include "host/html/report_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "host/format/text.h"
#include "host/image/png.h"

namespace qmnist {
namespace {

constexpr std::size_t kMaxMistakes = 40;
constexpr std::size_t kMaxUnits = 128;

std::string picture(std::vector<std::uint8_t> pixels, std::string_view alternative) {
  const GreyImage image{.width = kImageSide, .height = kImageSide, .pixels = std::move(pixels)};
  return fmt::format(R"(<img src="{}" width="28" height="28" alt="{}"/>)",
                     png_data_uri(encode_png(image)), alternative);
}

/// The wrong predictions that were surest, the surest first.
std::vector<Prediction> surest_mistakes(const Evaluation& test) {
  std::vector<Prediction> wrong;
  std::ranges::copy_if(test.predictions, std::back_inserter(wrong),
                       [](const Prediction& row) { return !row.is_right(); });
  // A diverged network's confidence is no number, which would have no place in the order.
  std::ranges::stable_sort(wrong, std::greater(), [](const Prediction& row) {
    return std::isfinite(row.confidence) ? row.confidence : 0;
  });
  wrong.resize(std::min(wrong.size(), kMaxMistakes));
  return wrong;
}

std::vector<std::uint8_t> grey_levels(std::span<const float> weights) {
  float largest = 0;
  for (const float weight : weights) {
    largest = std::max(largest, std::abs(weight));
  }
  constexpr float kZero = 127.5;
  std::vector<std::uint8_t> levels;
  for (const float weight : weights) {
    const float level = kZero + kZero * weight / largest;
    levels.push_back(static_cast<std::uint8_t>(std::isfinite(level) ? std::round(level) : kZero));
  }
  return levels;
}

}  // namespace

std::string mistakes_html(const Evaluation& test, const DataView& data) {
  const std::vector<Prediction> mistakes = surest_mistakes(test);
  if (mistakes.empty()) {
    return "<p>There are none: every test digit was read right.</p>\n";
  }
  std::string html = fmt::format(
      "<p>The {} wrong readings that the network was surest of. No. is the digit's place in the "
      "whole data set.</p>\n<ul class=\"mistakes\">\n",
      mistakes.size());
  for (const Prediction& row : mistakes) {
    const auto image = data.image(row.index);
    fmt::format_to(std::back_inserter(html),
                   "<li>{}<p><strong>{} read as {}</strong><br/>{} sure<br/>No. {}</p></li>\n",
                   picture({image.begin(), image.end()},
                           fmt::format("A handwritten {}, read as {}", row.label, row.predicted)),
                   row.label, row.predicted, percent(row.confidence), row.index);
  }
  return html + "</ul>\n";
}

std::string first_layer_html(const Network& network, std::span<const float> parameters) {
  const DenseLayer& layer = network.layers().front();
  const std::size_t shown = std::min(layer.outputs, kMaxUnits);
  std::string html = fmt::format(
      "<p>The weights of {} of the {} units of the first layer, each as a picture: bright pixels "
      "speak for the unit, dark ones against it, mid-grey is zero. Each has its own scale.</p>\n"
      "<div class=\"units\">\n",
      shown == layer.outputs ? "all" : fmt::format("the first {}", shown), grouped(layer.outputs));
  for (std::size_t unit = 0; unit < shown; ++unit) {
    const auto weights =
        parameters.subspan(layer.weight.offset + unit * layer.inputs, layer.inputs);
    html += picture(grey_levels(weights), fmt::format("Weights of unit {}", unit)) + "\n";
  }
  return html + "</div>\n";
}

}  // namespace qmnist
