#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <string>

#include "host/engines/cuda/device_world.h"
#include "host/world/world.h"

namespace qmnist::cuda {

/// The GPU of a rank: the only one that it can see, else that of its number among the ranks of its
/// machine. All ranks must call it.
/// @throws DeviceError on all ranks where one of them has no GPU, or two of them have the same
[[nodiscard]] std::size_t device_of_rank(World& world);

/// Why join_on_devices() would fail here; empty where it would not, as far as that is known without
/// the other ranks.
[[nodiscard]] std::string obstacle_to_ranks();

/// Connects the current devices of all ranks, those of device_of_rank(), by NCCL. All ranks must
/// call it.
/// @param stream for all that is enqueued; must outlive the result, as the world
/// @throws DeviceError where NCCL is missing or fails
[[nodiscard]] std::unique_ptr<DeviceWorld> join_on_devices(World& world, cudaStream_t stream);

}  // namespace qmnist::cuda
