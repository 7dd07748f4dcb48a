#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kernels/score.h"

namespace qmnist::cuda {

/// Enqueues the scores of probabilities [rows, classes] against labels [rows]: scores [rows], and
/// one more in each image's cell of confusion [classes, classes]. All on the device.
void score_batch(cudaStream_t stream, const float* probabilities, const std::uint8_t* labels,
                 std::size_t rows, std::size_t classes, Score* scores,
                 unsigned long long* confusion);

}  // namespace qmnist::cuda
