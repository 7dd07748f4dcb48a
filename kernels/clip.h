#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/warp_sum.h"

namespace qmnist {

/// Lanes of a sum: a GPU's warp.
inline constexpr std::size_t kSumLanes = 32;

/// A sum in the order in which a warp adds: value i goes to lane i % kSumLanes, then halves of the
/// lanes are added, 16, 8, 4, 2, 1 of them.
class SumOfLanes {
 public:
  void add(double value) { lanes_[count_++ % kSumLanes] += value; }
  [[nodiscard]] double total() const {
    auto lanes = lanes_;
    for (std::size_t half = kSumLanes / 2; half > 0; half /= 2) {
      for (std::size_t lane = 0; lane < half; ++lane) {
        lanes[lane] += lanes[lane + half];
      }
    }
    return lanes[0];
  }

 private:
  std::array<double, kSumLanes> lanes_{};
  std::size_t count_ = 0;
};

/// Factor for all gradients that limits their global L2 norm to `clip_norm`
/// (Pascanu, Mikolov and Bengio 2013; Keras's global_clipnorm).
/// @param squares sum of the squares of all gradients
template <typename Real>
QMNIST_HOST_DEVICE inline Real clip_scale(double squares, Real clip_norm) {
  const double norm = std::sqrt(squares);
  return norm > static_cast<double>(clip_norm)
             ? static_cast<Real>(static_cast<double>(clip_norm) / norm)
             : Real{1};
}

#ifdef QMNIST_KERNELS

/// Blocks that share the sum of squares.
inline constexpr unsigned kClipBlocks = 64;

/// Sum of a block's values, in every thread, always added in the same order. All take part.
/// @param warp_sums [kThreadsPerBlock / kWarp], shared
__device__ inline double block_sum(double value, double* warp_sums) {
  value = warp_sum(value);
  if (threadIdx.x % kWarp == 0) {
    warp_sums[threadIdx.x / kWarp] = value;
  }
  __syncthreads();  // every warp's sum must be there
  double sum = 0;
  for (unsigned warp = 0; warp < kThreadsPerBlock / kWarp; ++warp) {
    sum += warp_sums[warp];
  }
  return sum;
}

/// partial_sums[block]: the squares of each kClipBlocks * kThreadsPerBlock-th gradient from a
/// thread's own on.
static __global__ void sum_of_squares_kernel(const float* __restrict__ gradients,
                                             double* __restrict__ partial_sums, std::size_t count) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ double warp_sums[kThreadsPerBlock / kWarp];
  const std::size_t threads = std::size_t{gridDim.x} * blockDim.x;
  double sum = 0;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count;
       i += threads) {
    sum += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
  }
  sum = block_sum(sum, warp_sums);
  if (threadIdx.x == 0) {
    partial_sums[blockIdx.x] = sum;
  }
}

/// One block adds up the partial sums.
static __global__ void clip_scale_kernel(const double* __restrict__ partial_sums, float clip_norm,
                                         float* __restrict__ scale) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ double warp_sums[kThreadsPerBlock / kWarp];
  const double squares =
      block_sum(threadIdx.x < kClipBlocks ? partial_sums[threadIdx.x] : 0, warp_sums);
  if (threadIdx.x == 0) {
    *scale = clip_scale(squares, clip_norm);
  }
}

/// The clip_scale() of an arena of gradients, for launch_optimizer() to multiply them by.
///
/// @param gradients [count]
/// @param partial_sums [kClipBlocks], to work with
/// @param scale one, on the device
[[nodiscard]] inline cudaError_t launch_clip_scale(cudaStream_t stream, const float* gradients,
                                                   float clip_norm, double* partial_sums,
                                                   float* scale, std::size_t count) {
  const cudaError_t status = launch(sum_of_squares_kernel, kClipBlocks, kThreadsPerBlock, stream,
                                    gradients, partial_sums, count);
  if (status != cudaSuccess) {
    return status;
  }
  return launch(clip_scale_kernel, 1, kThreadsPerBlock, stream, partial_sums, clip_norm, scale);
}

#endif

}  // namespace qmnist
