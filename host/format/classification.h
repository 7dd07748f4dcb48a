#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/image/preprocess.h"
#include "host/json.h"

namespace qmnist {

/// The prediction for an image.
struct Classification {
  std::string name;                  ///< name of the image on the command line
  PreprocessedImage input;           ///< input of the network
  std::vector<float> probabilities;  ///< of each class

  [[nodiscard]] std::size_t label() const;  ///< the most probable class
  [[nodiscard]] float confidence() const { return probabilities.at(label()); }
};

/// Name, class and confidence on one line, with the name padded to `name_columns`.
[[nodiscard]] std::string classification_line(const Classification& classification,
                                              std::span<const std::string> classes,
                                              std::size_t name_columns);

/// An object with the keys file, label, class, confidence, probabilities and preprocess.
/// Probabilities are rounded to six decimals, as in predictions.csv.
[[nodiscard]] Json to_json(const Classification& classification,
                           std::span<const std::string> classes);

}  // namespace qmnist
