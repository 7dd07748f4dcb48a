#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// Rows of threads in a block of activation_backward_kernel.
inline constexpr unsigned kActivationBackwardRows = 8;

/// A block takes kWarp columns: each warp every kActivationBackwardRows-th row, its lanes
/// neighbouring columns. One thread a column then adds the warps' sums in their order, so that the
/// bits are the same every time.
static __global__ void activation_backward_kernel(const float* __restrict__ derivatives,
                                                  float* __restrict__ deltas,
                                                  float* __restrict__ bias_gradient,
                                                  std::size_t rows, std::size_t columns) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ float sums[kActivationBackwardRows][kWarp];
  const std::size_t column = std::size_t{blockIdx.x} * kWarp + threadIdx.x;
  float sum = 0;
  if (column < columns) {
    for (std::size_t row = threadIdx.y; row < rows; row += kActivationBackwardRows) {
      const std::size_t i = row * columns + column;
      const float delta = derivatives[i] * deltas[i];
      deltas[i] = delta;
      sum += delta;
    }
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();  // all sums must be there before they are added
  if (threadIdx.y == 0 && column < columns) {
    for (unsigned warp = 1; warp < kActivationBackwardRows; ++warp) {
      sum += sums[warp][threadIdx.x];
    }
    bias_gradient[column] = sum;
  }
}

/// Backward of a hidden layer's activation, in place, and of its bias:
///
///     deltas[row, column] *= derivatives[row, column]
///     bias_gradient[column] = sum over rows of deltas[row, column]
///
/// @param derivatives [rows, columns] row-major, as launch_bias_activation left them
/// @param deltas [rows, columns] row-major: d loss / d activations, then d loss / d products
/// @param bias_gradient [columns]
[[nodiscard]] inline cudaError_t launch_activation_backward(cudaStream_t stream,
                                                            const float* derivatives, float* deltas,
                                                            float* bias_gradient, std::size_t rows,
                                                            std::size_t columns) {
  return launch(activation_backward_kernel, blocks_for(columns, kWarp),
                dim3(kWarp, kActivationBackwardRows), stream, derivatives, deltas, bias_gradient,
                rows, columns);
}

#endif

}  // namespace qmnist
