#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "host/data/dataset.h"
#include "host/image/preprocess.h"
#include "host/json.h"

namespace qmnist {

/// The prediction for an image.
struct Classification {
  std::string name;         ///< name of the image on the command line
  PreprocessedImage input;  ///< input of the network
  std::array<float, kClasses> probabilities;

  [[nodiscard]] std::size_t digit() const;  ///< the most probable class
  [[nodiscard]] float confidence() const { return probabilities.at(digit()); }
};

/// Name, digit and confidence on one line, with the name padded to `name_columns`.
[[nodiscard]] std::string classification_line(const Classification& classification,
                                              std::size_t name_columns);

/// An object with the keys file, digit, confidence, probabilities and preprocess. Probabilities are
/// rounded to six decimals, as in predictions.csv.
[[nodiscard]] Json to_json(const Classification& classification);

}  // namespace qmnist
