#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "kernels/score.h"

namespace qmnist::cuda {

/// Sum of the losses of scores [count] in device memory, behind what the stream holds; waits for
/// it. In double, and in the same order every time on the same GPU.
[[nodiscard]] double sum_losses(cudaStream_t stream, const Score* scores, std::size_t count);

}  // namespace qmnist::cuda
