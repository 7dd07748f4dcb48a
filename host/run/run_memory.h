#pragma once

#include <cstddef>
#include <string_view>

#include "host/config/config.h"
#include "host/model/network.h"

namespace qmnist {

/// Memory in bytes that a training run takes at its peak beside its engine and its images: the
/// states that it keeps, and what is made of them to write a checkpoint or to draw the report.
[[nodiscard]] std::size_t bytes_beside_engine(const Config& config, const Network& network);

/// The same with the engine of that kind.
[[nodiscard]] std::size_t bytes_of_run(const Config& config, std::string_view device);

}  // namespace qmnist
