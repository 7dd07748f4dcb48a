#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "host/engines/cuda/device_world.h"
#include "host/world/world.h"

namespace qmnist::cuda {

/// What libqmnist_nccl.so gives libqmnist_cuda.so, which loads it.
struct NcclLibrary {
  /// join_on_devices() of rank_devices.h.
  std::unique_ptr<DeviceWorld> (*join)(World&, cudaStream_t);
};

}  // namespace qmnist::cuda

/// The only symbol that the library exports.
// NOLINTNEXTLINE(readability-identifier-naming): a prefix, as C has no namespaces
extern "C" [[gnu::visibility("default")]] const qmnist::cuda::NcclLibrary qmnist_nccl_library;
