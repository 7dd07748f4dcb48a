#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/launch.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// One image per block, one Word per thread and turn.
template <typename Word>
static __global__ void gather_kernel(const Word* __restrict__ data,
                                     const std::uint32_t* __restrict__ indices,
                                     Word* __restrict__ images, std::size_t words) {
  const Word* image = data + indices[blockIdx.x] * words;
  for (std::size_t i = threadIdx.x; i < words; i += blockDim.x) {
    images[blockIdx.x * words + i] = image[i];
  }
}

/// Copies images[i] = data[indices[i]].
///
/// @param data [any number, features] row-major, 16-byte aligned
/// @param indices [count], of rows of data
/// @param images [count, features], 16-byte aligned
[[nodiscard]] inline cudaError_t launch_gather(cudaStream_t stream, const std::uint8_t* data,
                                               const std::uint32_t* indices, std::uint8_t* images,
                                               std::size_t count, std::size_t features) {
  const unsigned blocks = blocks_for(count, 1);
  constexpr unsigned kThreads = 64;  // 49 words of 16 bytes are an image of 28 x 28
  if (features % sizeof(uint4) == 0) {
    return launch(gather_kernel<uint4>, blocks, kThreads, stream,
                  reinterpret_cast<const uint4*>(data), indices, reinterpret_cast<uint4*>(images),
                  features / sizeof(uint4));
  }
  return launch(gather_kernel<std::uint8_t>, blocks, kThreads, stream, data, indices, images,
                features);
}

#endif

}  // namespace qmnist
