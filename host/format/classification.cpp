#include "host/format/classification.h"

#include <fmt/format.h>

#include <cmath>

#include "host/format/text.h"
#include "kernels/softmax.h"

namespace qmnist {
namespace {

double six_decimals(float probability) {
  constexpr double kScale = 1e6;
  return std::round(static_cast<double>(probability) * kScale) / kScale;
}

}  // namespace

std::size_t Classification::label() const {
  return argmax(probabilities.data(), probabilities.size());
}

std::string classification_line(const Classification& classification,
                                std::span<const std::string> classes, std::size_t name_columns) {
  return fmt::format("{:<{}}  {}  {:>8}", one_line(classification.name), name_columns,
                     classes[classification.label()], percent(classification.confidence()));
}

Json to_json(const Classification& classification, std::span<const std::string> classes) {
  Json probabilities = Json::array();
  for (const float probability : classification.probabilities) {
    probabilities.push_back(six_decimals(probability));
  }
  return {
      {"file", classification.name},
      {"label", classification.label()},
      {"class", classes[classification.label()]},
      {"confidence", six_decimals(classification.confidence())},
      {"probabilities", std::move(probabilities)},
      {"preprocess", classification.input.method == Preprocess::kNotebook ? "notebook" : "mnist"}};
}

}  // namespace qmnist
