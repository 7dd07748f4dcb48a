#pragma once

#include <cstddef>

#include "host/config/config.h"
#include "host/engines/engine.h"

namespace qmnist {

/// training.kernels, where slices settle what is "auto": only the fixed order sums in slices.
[[nodiscard]] Kernels kernels_of(const TrainingSettings& training);

/// The network for a config and a number of classes.
[[nodiscard]] Network network_of(const Config& config, std::size_t classes);

/// The engine settings for a config.
/// @param train_size number of training images
/// @param world of the ranks that train together; nullptr for one
[[nodiscard]] EngineSettings engine_settings(const Config& config, const Network& network,
                                             std::size_t train_size, World* world = nullptr);

}  // namespace qmnist
