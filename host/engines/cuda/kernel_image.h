#pragma once

#include <cuda_runtime_api.h>

#include <span>

namespace qmnist::cuda {

/// Looks for a kernel of this program that runs on the current device. All kernels are compiled for
/// the same devices, so one speaks for all.
/// @return success, or why there is none
[[nodiscard]] cudaError_t find_kernel_image();

/// The compute capabilities that the kernels are compiled for, ascending, 90 for 9.0.
[[nodiscard]] std::span<const int> built_capabilities();

}  // namespace qmnist::cuda
