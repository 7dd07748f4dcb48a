#pragma once

#include <cstddef>

#include "kernels/launch.h"
#include "kernels/optimizer.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// Four sums per thread.
static __global__ void sum_slices_kernel(const float* __restrict__ gradients,
                                         float* __restrict__ sums, std::size_t share,
                                         std::size_t ranks, std::size_t slices) {
  const std::size_t first = 4 * (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x);
  if (first >= share) {
    return;
  }
  Floats<4> sum = load<4>(gradients + first);
  for (std::size_t slice = 1; slice < ranks * slices; ++slice) {
    const std::size_t of_rank = slice / slices;
    const std::size_t place = (slice % slices * ranks + of_rank) * share;
    const auto g = load<4>(gradients + place + first);
    for (std::size_t i = 0; i < 4; ++i) {
      sum.at[i] += g.at[i];
    }
  }
  store(sums + first, sum);
}

/// Adds the gradients of all slices of a batch in their order: slice r * slices + i is the slice i
/// of rank r.
///
///     sum = gradient of slice 0, for each other slice: sum = sum + gradient
///
/// @param gradients [slices of a rank, ranks, share], 16-byte aligned
/// @param sums [share], 16-byte aligned
/// @param share a multiple of 4
[[nodiscard]] inline cudaError_t launch_sum_slices(cudaStream_t stream, const float* gradients,
                                                   float* sums, std::size_t share,
                                                   std::size_t ranks, std::size_t slices) {
  return launch(sum_slices_kernel, blocks_for(share, std::size_t{4} * kThreadsPerBlock),
                kThreadsPerBlock, stream, gradients, sums, share, ranks, slices);
}

#endif

}  // namespace qmnist
