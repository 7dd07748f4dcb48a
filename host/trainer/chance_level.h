#pragma once

#include <cstddef>
#include <optional>

#include "host/trainer/evaluation.h"

namespace qmnist {

/// A network that classifies no better than one that ignores its input.
struct ChanceLevel {
  std::size_t images;           ///< that it was evaluated on
  double accuracy;              ///< 0..1
  std::size_t majority_class;   ///< the most frequent label of these images
  double majority_share;        ///< its share, 0..1: the accuracy of a constant answer
  std::size_t top_class;        ///< the most frequently predicted class
  std::size_t top_predictions;  ///< images that it was predicted for

  /// Whether the answer is one class, but for a hundredth of the images.
  [[nodiscard]] bool is_constant() const { return 100 * top_predictions >= 99 * images; }
};

/// The accuracy, 0..1, up to which a network is no better than always answering with the most
/// frequent class: that class's share and three binomial standard deviations of it.
[[nodiscard]] double chance_limit(double majority_share, std::size_t images);

/// Whether the evaluated network is at chance level. Nothing where there are too few images, or too
/// few classes among them, to tell.
[[nodiscard]] std::optional<ChanceLevel> find_chance_level(const Evaluation& evaluation);

}  // namespace qmnist
