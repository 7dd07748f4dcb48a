#pragma once

#include <cstddef>
#include <optional>

#include "host/trainer/evaluation.h"

namespace qmnist {

/// Statistics of a network that classifies no better than one that ignores its input.
struct ChanceLevel {
  std::size_t images;           ///< number of images that it was evaluated on
  double accuracy;              ///< 0..1
  std::size_t majority_class;   ///< the most frequent label of these images
  double majority_share;        ///< its share, 0..1: the accuracy of a constant prediction
  std::size_t top_class;        ///< the most frequently predicted class
  std::size_t top_predictions;  ///< number of images that it was predicted for

  /// Whether at least 99 % of the images are predicted as one class.
  [[nodiscard]] bool is_constant() const { return 100 * top_predictions >= 99 * images; }
};

/// The accuracy, 0..1, up to which a network is not better than always predicting the most frequent
/// class: that class's share plus three binomial standard errors.
[[nodiscard]] double chance_limit(double majority_share, std::size_t images);

/// Detects a network at chance level.
/// @return nothing if it is better, or if there are too few images or classes to decide
[[nodiscard]] std::optional<ChanceLevel> find_chance_level(const Evaluation& evaluation);

}  // namespace qmnist
