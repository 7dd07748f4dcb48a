#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace qmnist {

/// Gradient of the loss before the ReLU, from the one behind it and the ReLU's own output.
/// At exactly 0 it is 0, as in Keras and PyTorch.
template <typename Real>
QMNIST_HOST_DEVICE inline Real relu_gradient(Real activation, Real upstream) {
  return activation <= Real{0} ? Real{0} : upstream;
}

#ifdef QMNIST_KERNELS

/// Rows of threads in a block of relu_backward_kernel.
inline constexpr unsigned kReluBackwardRows = 8;

/// A block takes kWarp columns: each warp every kReluBackwardRows-th row, its lanes neighbouring
/// columns. One thread a column then adds the warps' sums in their order, so that the bits are the
/// same every time.
static __global__ void relu_backward_kernel(const float* __restrict__ activations,
                                            float* __restrict__ deltas,
                                            float* __restrict__ bias_gradient, std::size_t rows,
                                            std::size_t columns) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ float sums[kReluBackwardRows][kWarp];
  const std::size_t column = std::size_t{blockIdx.x} * kWarp + threadIdx.x;
  float sum = 0;
  if (column < columns) {
    for (std::size_t row = threadIdx.y; row < rows; row += kReluBackwardRows) {
      const std::size_t i = row * columns + column;
      const float delta = relu_gradient(activations[i], deltas[i]);
      deltas[i] = delta;
      sum += delta;
    }
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();  // all sums must be there before they are added
  if (threadIdx.y == 0 && column < columns) {
    for (unsigned warp = 1; warp < kReluBackwardRows; ++warp) {
      sum += sums[warp][threadIdx.x];
    }
    bias_gradient[column] = sum;
  }
}

/// The way back through a hidden layer's ReLU, in place, and on to its bias:
///
///     deltas[row, column] = relu_gradient(activations[row, column], deltas[row, column])
///     bias_gradient[column] = sum over rows of deltas[row, column]
///
/// @param activations [rows, columns] row-major, as launch_bias_relu left them
/// @param deltas [rows, columns] row-major: d loss / d activations, then d loss / d products
/// @param bias_gradient [columns]
[[nodiscard]] inline cudaError_t launch_relu_backward(cudaStream_t stream, const float* activations,
                                                      float* deltas, float* bias_gradient,
                                                      std::size_t rows, std::size_t columns) {
  return launch(relu_backward_kernel, blocks_for(columns, kWarp), dim3(kWarp, kReluBackwardRows),
                stream, activations, deltas, bias_gradient, rows, columns);
}

#endif

}  // namespace qmnist
