#pragma once

#include <cstddef>

#include "kernels/clip.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/step_params.h"
#include "kernels/warp_sum.h"
#include "kernels/weight_update.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

/// Rows of threads in a block of unit_squares_kernel: half of the kWarp partial sums of a unit.
inline constexpr unsigned kSquareRows = kWarp / 2;

__device__ inline double square(float value) {
  return static_cast<double>(value) * static_cast<double>(value);
}

/// A block takes kWarp units of a layer, whose gradients are neighbours in memory, one a lane; a
/// unit's partial sums are spread over the rows of threads, two each.
static __global__ void __launch_bounds__(kWarp* kSquareRows)
    unit_squares_kernel(UpdateLayers layers, const float* gradients, double* unit_squares,
                        const __grid_constant__ NetworkSet networks) {
  __shared__ double partial[kSquareRows][kWarp];
  const OfNetwork of(networks);
  gradients = of(gradients);
  unit_squares = of(unit_squares);
  unsigned block = blockIdx.x;
  std::size_t l = 0;
  for (; block >= layers.at[l].columns_of_blocks; ++l) {
    block -= layers.at[l].columns_of_blocks;
  }
  const UpdateLayers::Layer& layer = layers.at[l];
  const std::size_t unit = std::size_t{block} * kWarp + threadIdx.x;
  const float* of_unit = gradients + layer.weight_at + unit;
  double low = 0;
  double high = 0;
  for (std::size_t k = threadIdx.y; k < layer.input_count && unit < layer.output_count;
       k += kWarp) {
    low += square(of_unit[k * layer.output_count]);
    if (k + kSquareRows < layer.input_count) {
      high += square(of_unit[(k + kSquareRows) * layer.output_count]);
    }
  }
  double sum = low + high;
  for (unsigned half = kSquareRows / 2; half > 0; half /= 2) {
    partial[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();  // the other half must be there
    if (threadIdx.y < half) {
      sum += partial[threadIdx.y + half][threadIdx.x];
    }
    __syncthreads();  // what was read is overwritten
  }
  if (threadIdx.y == 0) {
    unit_squares[std::size_t{blockIdx.x} * kWarp + threadIdx.x] = sum;
  }
}

/// One block: a warp adds a layer's weights or its bias, then one thread adds these.
static __global__ void __launch_bounds__(kThreadsPerBlock)
    ordered_clip_scale_kernel(UpdateLayers layers, const float* gradients,
                              const double* unit_squares, const StepParams* step, float* scale,
                              const __grid_constant__ NetworkSet networks) {
  __shared__ double sums[2 * kMaxLayers];
  const OfNetwork of(networks);
  gradients = of(gradients);
  unit_squares = of(unit_squares);
  const unsigned lane = threadIdx.x % kWarp;
  const unsigned warp = threadIdx.x / kWarp;
  for (std::size_t l = 0; l < layers.count; ++l) {
    const UpdateLayers::Layer& layer = layers.at[l];
    if (l % (kThreadsPerBlock / kWarp) == warp) {
      double weights = 0;
      double bias = 0;
      for (std::size_t j = lane; j < layer.output_count; j += kWarp) {
        weights += unit_squares[j];
        bias += square(gradients[layer.bias_at + j]);
      }
      weights = warp_sum(weights);
      bias = warp_sum(bias);
      if (lane == 0) {
        sums[2 * l] = weights;
        sums[2 * l + 1] = bias;
      }
    }
    unit_squares += std::size_t{layer.columns_of_blocks} * kWarp;
  }
  __syncthreads();  // all sums must be there
  if (threadIdx.x == 0) {
    double total = 0;
    for (std::size_t i = 0; i < 2 * layers.count; ++i) {
      total += sums[i];
    }
    *of(scale) = clip_scale(total, of(step)->clip_norm);
  }
}

// NOLINTEND(modernize-avoid-c-arrays)

/// Doubles that launch_ordered_clip_scale() needs to work with.
inline std::size_t unit_squares_for(const UpdateLayers& layers) {
  std::size_t blocks = 0;
  for (std::size_t l = 0; l < layers.count; ++l) {
    blocks += layers.at[l].columns_of_blocks;
  }
  return blocks * kWarp;
}

/// The clip_scale() of an arena of gradients, with squares added in a fixed order, in double. A sum
/// of values has kWarp partial sums; partial sum i takes values i, i + kWarp, ..., ascending; then
/// the upper half is added to the lower one until one is left.
///
/// The squares of each unit's weights are summed so, inputs ascending; the sums of a layer's units
/// are; and the squares of its bias. The total has layers ascending, weights before the bias.
///
/// @param gradients an arena as `layers` says
/// @param step on the device, with the norm
/// @param unit_squares [unit_squares_for(layers)]
/// @param scale one, on the device
[[nodiscard]] inline cudaError_t launch_ordered_clip_scale(
    cudaStream_t stream, const UpdateLayers& layers, const float* gradients, const StepParams* step,
    double* unit_squares, float* scale, const NetworkSet& networks = {}) {
  const auto blocks = static_cast<unsigned>(unit_squares_for(layers) / kWarp);
  const cudaError_t status =
      launch(unit_squares_kernel, dim3(blocks, 1, networks.count), dim3(kWarp, kSquareRows), stream,
             layers, gradients, unit_squares, networks);
  if (status != cudaSuccess) {
    return status;
  }
  return launch(ordered_clip_scale_kernel, dim3(1, 1, networks.count), kThreadsPerBlock, stream,
                layers, gradients, unit_squares, step, scale, networks);
}

#endif

}  // namespace qmnist
