#include "host/format/answer.h"

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

std::size_t Answer::digit() const {
  return argmax(probabilities.data(), probabilities.size());
}

std::string answer_line(const Answer& answer, std::size_t name_columns) {
  return fmt::format("{:<{}}  {}  {:>8}", one_line(answer.name), name_columns, answer.digit(),
                     percent(answer.confidence()));
}

Json to_json(const Answer& answer) {
  Json probabilities = Json::array();
  for (const float probability : answer.probabilities) {
    probabilities.push_back(six_decimals(probability));
  }
  return {{"file", answer.name},
          {"digit", answer.digit()},
          {"confidence", six_decimals(answer.confidence())},
          {"probabilities", std::move(probabilities)},
          {"preprocess", answer.input.way == Preprocess::kNotebook ? "notebook" : "mnist"}};
}

}  // namespace qmnist
