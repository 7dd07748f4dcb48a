#pragma once

#include <string>

#include "host/config/config.h"

namespace qmnist {

/// The optimizer with what is not usual about it: "SGD, momentum 0.9".
[[nodiscard]] std::string optimizer_text(const OptimizerSettings& optimizer);

/// The distortions that are on: "rotation 10, elastic 1 (sigma 4)"; "" without any.
[[nodiscard]] std::string augmentation_text(const AugmentationSettings& augmentation);

/// What else keeps a network from learning digits by heart: "dropout 0.2"; "" without any.
[[nodiscard]] std::string regularization_text(const Config& config);

}  // namespace qmnist
