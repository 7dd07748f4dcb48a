#pragma once

#include <span>
#include <string>
#include <string_view>

#include "host/config/config.h"
#include "host/data/dataset.h"
#include "host/trainer/chance_level.h"

namespace qmnist {

/// The optimizer with its options that are on: "SGD, momentum 0.9".
[[nodiscard]] std::string optimizer_text(const OptimizerSettings& optimizer);

/// The augmentations that are on: "rotation 10, elastic 1 (sigma 4)"; "" for none.
[[nodiscard]] std::string augmentation_text(const AugmentationSettings& augmentation);

/// The regularization that is on: "dropout 0.2"; "" for none.
[[nodiscard]] std::string regularization_text(const Config& config);

/// What is learned beside the labels: "2 models, weight 0.9, temperature 2"; "" for nothing.
[[nodiscard]] std::string teacher_text(const TeacherSettings& teacher);

/// A plan's lines about the data: name, images and folder; the classes unless they are the digits.
[[nodiscard]] std::string dataset_lines(const Dataset& dataset, const std::string& folder);

/// How the data are split: "as scikit-learn, seed 42".
[[nodiscard]] std::string split_rule_text(const DataSettings& data);

/// The symptom of a network at chance level and the remedy: "13,999 of 14,000 test images are
/// classified as 1; lower optimizer.learning_rate, which is 1".
/// @param classes names of all
/// @param images name of the images that it was evaluated on: "test images"
/// @param learning_rate optimizer.learning_rate
[[nodiscard]] std::string chance_level_text(const ChanceLevel& found,
                                            std::span<const std::string> classes,
                                            std::string_view images, double learning_rate);

/// The same for the evaluation on the test set; "" if the network is better than chance.
[[nodiscard]] std::string test_warning(const Evaluation& test, std::span<const std::string> classes,
                                       double learning_rate);

}  // namespace qmnist
