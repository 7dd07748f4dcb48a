#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/engine.h"

namespace qmnist {

struct Prediction {
  std::uint32_t index;  ///< index of the image in the whole data set
  std::uint8_t label;
  std::uint8_t predicted;
  float confidence;  ///< probability of `predicted`

  [[nodiscard]] bool is_correct() const { return predicted == label; }
};

struct ClassReport {
  double precision;  ///< 0 if the class was never predicted, as in scikit-learn
  double recall;     ///< 0 if the class does not occur
  double f1;
  std::uint64_t support;  ///< number of images of this class
};

/// The misclassified images of highest confidence, in descending order of confidence.
/// @param count of them, at most
[[nodiscard]] std::vector<Prediction> most_confident_mistakes(
    std::span<const Prediction> predictions, std::size_t count);

/// Binomial standard error of an accuracy (0 to 1) measured on `images` images.
[[nodiscard]] double accuracy_standard_error(double accuracy, std::size_t images);

/// Metrics of a network on a part of a data set.
struct Evaluation {
  double loss = 0;                                    ///< mean cross-entropy
  double accuracy = 0;                                ///< 0..1
  std::vector<std::vector<std::uint64_t>> confusion;  ///< [true][predicted]
  std::vector<ClassReport> per_class;
  std::vector<Prediction> predictions;  ///< in the order of the indices

  [[nodiscard]] std::size_t classes() const { return per_class.size(); }

  [[nodiscard]] double standard_error() const {
    return qmnist::accuracy_standard_error(accuracy, predictions.size());
  }
};

/// The metrics for the scores of the images data[indices[i]]; at least one.
[[nodiscard]] Evaluation to_evaluation(const Scores& scores, const DataView& data,
                                       std::span<const std::uint32_t> indices);

/// Evaluates a network on the images data[indices[i]]; at least one.
[[nodiscard]] Evaluation evaluate(Engine& engine, const DataView& data,
                                  std::span<const std::uint32_t> indices);

}  // namespace qmnist
