#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/launch.h"
#include "kernels/network_set.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// One image per block, one Word per thread and turn.
template <typename Word>
static __global__ void gather_kernel(const Word* __restrict__ data, const std::uint32_t* indices,
                                     Word* images, std::size_t words,
                                     const __grid_constant__ NetworkSet networks) {
  const OfNetwork of(networks);
  images = of(images);
  const Word* image = data + of(indices)[blockIdx.x] * words;
  for (std::size_t i = threadIdx.x; i < words; i += blockDim.x) {
    images[blockIdx.x * words + i] = image[i];
  }
}

/// Copies images[i] = data[indices[i]].
///
/// @param data [any number, features] row-major, 16-byte aligned; the same for all networks
/// @param indices [count], of rows of data
/// @param images [count, features], 16-byte aligned
[[nodiscard]] inline cudaError_t launch_gather(cudaStream_t stream, const std::uint8_t* data,
                                               const std::uint32_t* indices, std::uint8_t* images,
                                               std::size_t count, std::size_t features,
                                               const NetworkSet& networks = {}) {
  const dim3 blocks(blocks_for(count, 1), 1, networks.count);
  constexpr unsigned kThreads = 64;  // 49 words of 16 bytes are an image of 28 x 28
  if (features % sizeof(uint4) == 0) {
    return launch(gather_kernel<uint4>, blocks, kThreads, stream,
                  reinterpret_cast<const uint4*>(data), indices, reinterpret_cast<uint4*>(images),
                  features / sizeof(uint4), networks);
  }
  return launch(gather_kernel<std::uint8_t>, blocks, kThreads, stream, data, indices, images,
                features, networks);
}

#endif

}  // namespace qmnist
