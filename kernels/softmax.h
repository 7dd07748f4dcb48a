#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/scalar.h"

namespace qmnist {

/// Place of the largest value; the first of equals, as NumPy and Keras take it.
template <typename Real>
QMNIST_HOST_DEVICE inline std::size_t argmax(const Real* values, std::size_t count) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i) {
    if (values[i] > values[best]) {
      best = i;
    }
  }
  return best;
}

#define QMNIST_FORMULA QMNIST_HOST_DEVICE inline
#include "kernels/softmax-inl.h"
#undef QMNIST_FORMULA

#ifdef QMNIST_KERNELS

/// A row a thread: a row of ten classes is too short to share.
static __global__ void bias_softmax_kernel(float* __restrict__ outputs,
                                           const float* __restrict__ bias, std::size_t rows,
                                           std::size_t classes) {
  const std::size_t row = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row >= rows) {
    return;
  }
  float* logits = outputs + row * classes;
  for (std::size_t i = 0; i < classes; ++i) {
    logits[i] += bias[i];
  }
  softmax(logits, classes, logits);
}

/// Prediction after the last layer's matrix product, in place:
/// outputs[row] = softmax(outputs[row] + bias).
///
/// @param outputs [rows, classes] row-major: the products, then the probabilities
/// @param bias [classes]
[[nodiscard]] inline cudaError_t launch_bias_softmax(cudaStream_t stream, float* outputs,
                                                     const float* bias, std::size_t rows,
                                                     std::size_t classes) {
  return launch(bias_softmax_kernel, blocks_for(rows, kThreadsPerBlock), kThreadsPerBlock, stream,
                outputs, bias, rows, classes);
}

#endif

}  // namespace qmnist
