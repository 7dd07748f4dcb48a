#pragma once

#include <cstddef>

#include "host/config/config.h"
#include "host/engines/engine.h"

namespace qmnist {

/// What a config asks of the engine that trains its network on so many images.
[[nodiscard]] EngineSettings engine_settings(const Config& config, const Network& network,
                                             std::size_t train_size);

}  // namespace qmnist
