#pragma once

#include <string>
#include <string_view>

#include "host/config/config.h"
#include "host/trainer/chance_level.h"

namespace qmnist {

/// The optimizer with what is not usual about it: "SGD, momentum 0.9".
[[nodiscard]] std::string optimizer_text(const OptimizerSettings& optimizer);

/// The distortions that are on: "rotation 10, elastic 1 (sigma 4)"; "" without any.
[[nodiscard]] std::string augmentation_text(const AugmentationSettings& augmentation);

/// What else keeps a network from learning digits by heart: "dropout 0.2"; "" without any.
[[nodiscard]] std::string regularization_text(const Config& config);

/// What is wrong with a network at chance level and what to change: "13,999 of 14,000 test
/// images are classified as 1; lower optimizer.learning_rate, which is 1".
/// @param images what it was evaluated on: "test images"
/// @param learning_rate optimizer.learning_rate
[[nodiscard]] std::string chance_level_text(const ChanceLevel& found, std::string_view images,
                                            double learning_rate);

/// The same of a trained network's evaluation on the test set; "" if it does better than chance.
[[nodiscard]] std::string test_warning(const Evaluation& test, double learning_rate);

}  // namespace qmnist
