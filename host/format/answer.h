#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "host/data/dataset.h"
#include "host/image/preprocess.h"
#include "host/json.h"

namespace qmnist {

/// What a network says of a picture.
struct Answer {
  std::string name;  ///< of the picture, as the command line has it
  Digit input;       ///< what the network saw
  std::array<float, kClasses> probabilities;

  [[nodiscard]] std::size_t digit() const;  ///< the most probable
  [[nodiscard]] float confidence() const { return probabilities.at(digit()); }
};

/// Name, digit and confidence, the name padded to so many columns.
[[nodiscard]] std::string answer_line(const Answer& answer, std::size_t name_columns);

/// An object of file, digit, confidence, probabilities and preprocess; probabilities are rounded to
/// six decimals, as in predictions.csv.
[[nodiscard]] Json to_json(const Answer& answer);

}  // namespace qmnist
