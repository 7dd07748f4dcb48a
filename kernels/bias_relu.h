#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace qmnist {

/// Rectified linear unit: max(x, 0). What is no number stays so, that a diverged run shows.
template <typename Real>
QMNIST_HOST_DEVICE inline Real relu(Real x) {
  return x < Real{0} ? Real{0} : x;
}

#ifdef QMNIST_KERNELS

/// outputs[row, column] = relu(outputs[row, column] + bias[column]), one element a thread.
static __global__ void bias_relu_kernel(float* __restrict__ outputs, const float* __restrict__ bias,
                                        std::size_t rows, std::size_t columns) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < rows * columns) {
    outputs[i] = relu(outputs[i] + bias[i % columns]);
  }
}

/// What follows a hidden layer's matrix product on the way forward, in place.
///
/// @param outputs [rows, columns] row-major: the products, then the activations
/// @param bias [columns]
[[nodiscard]] inline cudaError_t launch_bias_relu(cudaStream_t stream, float* outputs,
                                                  const float* bias, std::size_t rows,
                                                  std::size_t columns) {
  return launch(bias_relu_kernel, blocks_for(rows * columns, kBlock), kBlock, stream, outputs, bias,
                rows, columns);
}

#endif

}  // namespace qmnist
