#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/engine.h"

namespace qmnist {

struct Prediction {
  std::uint32_t index;  ///< the image's place in the whole data set
  std::uint8_t label;
  std::uint8_t predicted;
  float confidence;  ///< probability of `predicted`

  [[nodiscard]] bool is_right() const { return predicted == label; }
};

struct ClassReport {
  double precision;  ///< 0 where the digit was never predicted, as in scikit-learn
  double recall;     ///< 0 where the digit does not occur
  double f1;
  std::uint64_t support;  ///< images of this digit
};

/// Standard deviation of an accuracy 0..1, taken as binomial over so many images.
[[nodiscard]] double accuracy_deviation(double accuracy, std::size_t images);

/// What a trained network does on a part of a data set.
struct Evaluation {
  double loss = 0;                                                        ///< mean cross-entropy
  double accuracy = 0;                                                    ///< 0..1
  std::array<std::array<std::uint64_t, kClasses>, kClasses> confusion{};  ///< [true][predicted]
  std::array<ClassReport, kClasses> per_class{};
  std::vector<Prediction> predictions;  ///< in the order asked for

  [[nodiscard]] double accuracy_deviation() const {
    return qmnist::accuracy_deviation(accuracy, predictions.size());
  }
};

/// What the scores of the images data[indices[i]] say of a network; at least one.
[[nodiscard]] Evaluation to_evaluation(const Scores& scores, const DataView& data,
                                       std::span<const std::uint32_t> indices);

/// Evaluates the images data[indices[i]]; at least one.
[[nodiscard]] Evaluation evaluate(Engine& engine, const DataView& data,
                                  std::span<const std::uint32_t> indices);

}  // namespace qmnist
