#include "host/html/report_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "host/format/text.h"
#include "host/html/html.h"
#include "host/image/png.h"

namespace qmnist {
namespace {

constexpr std::size_t kMaxMistakes = 40;
constexpr std::size_t kMaxUnits = 128;

std::string image_html(std::vector<std::uint8_t> pixels, std::string_view alternative) {
  const GreyImage image{.width = kImageSide, .height = kImageSide, .pixels = std::move(pixels)};
  return fmt::format(R"(<img src="{}" width="28" height="28" alt="{}"/>)",
                     png_data_uri(encode_png(image)), alternative);
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

std::string mistakes_html(const Evaluation& test, const Dataset& dataset) {
  const std::vector<Prediction> mistakes = most_confident_mistakes(test.predictions, kMaxMistakes);
  if (mistakes.empty()) {
    return "<p>No misclassified test images.</p>\n";
  }
  std::string html = fmt::format(
      "<p>The {} misclassified test images with the highest confidence. No. is the image's index "
      "in "
      "the whole data set.</p>\n<ul class=\"mistakes\">\n",
      mistakes.size());
  for (const Prediction& row : mistakes) {
    const auto image = dataset.view().image(row.index);
    const std::string label = escaped(dataset.classes[row.label]);
    const std::string predicted = escaped(dataset.classes[row.predicted]);
    fmt::format_to(std::back_inserter(html),
                   "<li>{}<p><strong>{} read as {}</strong><br/>{}<br/>No. {}</p></li>\n",
                   image_html({image.begin(), image.end()},
                              fmt::format("Class {}, read as {}", label, predicted)),
                   label, predicted, percent(row.confidence), row.index);
  }
  return html + "</ul>\n";
}

std::string first_layer_html(const Network& network, std::span<const float> parameters) {
  const DenseLayer& layer = network.layers().front();
  const std::size_t shown = std::min(layer.outputs, kMaxUnits);
  std::string html = fmt::format(
      "<p>The weights of {} of the {} units of the first layer, each as an image: bright is "
      "positive, dark is negative, mid-grey is zero. Each image has its own scale.</p>\n"
      "<div class=\"units\">\n",
      shown == layer.outputs ? "all" : fmt::format("the first {}", shown), grouped(layer.outputs));
  for (std::size_t unit = 0; unit < shown; ++unit) {
    const auto weights =
        parameters.subspan(layer.weight.offset + unit * layer.inputs, layer.inputs);
    html += image_html(grey_levels(weights), fmt::format("Weights of unit {}", unit)) + "\n";
  }
  return html + "</div>\n";
}

}  // namespace qmnist
