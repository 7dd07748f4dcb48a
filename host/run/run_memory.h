#pragma once

#include <cstddef>
#include <string_view>

#include "host/config/config.h"
#include "host/model/network.h"

namespace qmnist {

/// Peak host memory in bytes of a training run, without its engine and its images: training states,
/// and the checkpoints that wait or are written or, after them, the buffers to draw the report.
[[nodiscard]] std::size_t bytes_without_engine(const Config& config, const Network& network);

/// The same with an engine of that kind. Device memory is not included.
[[nodiscard]] std::size_t bytes_of_run(const Config& config, const Network& network,
                                       std::string_view device);

}  // namespace qmnist
