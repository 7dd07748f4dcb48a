#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/row_tiles.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// Rows of threads in a block of activation_backward_kernel.
inline constexpr unsigned kActivationBackwardRows = 8;

/// A block takes kWarp columns of a tile of rows: each warp every kActivationBackwardRows-th row,
/// its lanes neighbouring columns. One thread a column then adds the warps' sums in their order.
static __global__ void activation_backward_kernel(const float* __restrict__ derivatives,
                                                  float* __restrict__ deltas,
                                                  float* __restrict__ tile_sums, std::size_t rows,
                                                  std::size_t columns) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ float sums[kActivationBackwardRows][kWarp];
  const std::size_t column = std::size_t{blockIdx.x} * kWarp + threadIdx.x;
  const RowTile tile = row_tile(rows);
  float sum = 0;
  if (column < columns) {
    for (std::size_t row = tile.first + threadIdx.y; row < tile.end;
         row += kActivationBackwardRows) {
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
    tile_sums[blockIdx.y * columns + column] = sum;
  }
}

/// One column per thread.
static __global__ void sum_tiles_kernel(const float* __restrict__ tile_sums,
                                        float* __restrict__ sums, std::size_t tiles,
                                        std::size_t columns) {
  const std::size_t column = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column < columns) {
    sums[column] = sum_of_tiles(tile_sums, tiles, columns, column);
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
/// @param tile_sums [tiles_for(rows), columns], to work with where there are several tiles
[[nodiscard]] inline cudaError_t launch_activation_backward(cudaStream_t stream,
                                                            const float* derivatives, float* deltas,
                                                            float* bias_gradient, float* tile_sums,
                                                            std::size_t rows, std::size_t columns) {
  const std::size_t tiles = tiles_for(rows);
  const cudaError_t status = launch(activation_backward_kernel,
                                    dim3(blocks_for(columns, kWarp), static_cast<unsigned>(tiles)),
                                    dim3(kWarp, kActivationBackwardRows), stream, derivatives,
                                    deltas, tiles == 1 ? bias_gradient : tile_sums, rows, columns);
  if (status != cudaSuccess || tiles == 1) {
    return status;
  }
  return launch(sum_tiles_kernel, blocks_for(columns, kThreadsPerBlock), kThreadsPerBlock, stream,
                tile_sums, bias_gradient, tiles, columns);
}

#endif

}  // namespace qmnist
