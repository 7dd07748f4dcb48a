#pragma once

#include <cfloat>
#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/softmax.h"

namespace qmnist {

/// Score of the prediction for a labelled image.
struct Score {
  float loss;              ///< cross-entropy
  float confidence;        ///< probability of `predicted`
  std::uint8_t predicted;  ///< most probable class
};

/// Scores the `classes` probabilities of one image.
///
/// The loss is -log p_label; a probability that underflowed to 0 counts as the smallest float, as
/// one image must not make the mean of all infinite.
QMNIST_HOST_DEVICE inline Score score(const float* probabilities, std::size_t classes,
                                      std::size_t label) {
  const std::size_t predicted = argmax(probabilities, classes);
  const float probability = probabilities[label];
  return {.loss = -natural_log(probability > FLT_MIN ? probability : FLT_MIN),
          .confidence = probabilities[predicted],
          .predicted = static_cast<std::uint8_t>(predicted)};
}

#ifdef QMNIST_KERNELS

/// One row per thread. Counts are integers, so that atomics give the same sums in any order.
static __global__ void score_kernel(const float* __restrict__ probabilities,
                                    const std::uint8_t* __restrict__ labels,
                                    Score* __restrict__ scores,
                                    unsigned long long* __restrict__ confusion, std::size_t rows,
                                    std::size_t classes) {
  const std::size_t row = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row >= rows) {
    return;
  }
  const std::size_t label = labels[row];
  const Score result = score(probabilities + row * classes, classes, label);
  scores[row] = result;
  atomicAdd(confusion + label * classes + result.predicted, 1ULL);
}

/// Scores the predictions of a batch: scores[row] = score(probabilities[row], labels[row]), and one
/// more at confusion[labels[row], predicted].
///
/// @param probabilities [rows, classes] row-major
/// @param labels [rows], each below `classes`
/// @param scores [rows]
/// @param confusion [classes, classes] row-major, true labels down
[[nodiscard]] inline cudaError_t launch_score(cudaStream_t stream, const float* probabilities,
                                              const std::uint8_t* labels, Score* scores,
                                              unsigned long long* confusion, std::size_t rows,
                                              std::size_t classes) {
  return launch(score_kernel, blocks_for(rows, kThreadsPerBlock), kThreadsPerBlock, stream,
                probabilities, labels, scores, confusion, rows, classes);
}

#endif

}  // namespace qmnist
