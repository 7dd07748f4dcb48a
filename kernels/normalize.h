#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"

namespace qmnist {

/// Grey level 0..255 to the network's input 0..1.
template <typename Real>
QMNIST_HOST_DEVICE constexpr Real normalize(std::uint8_t pixel) {
  return static_cast<Real>(pixel) / Real{255};
}

#ifdef QMNIST_KERNELS

/// inputs[i] = normalize(pixels[i]), four per thread; the last one to three one by one.
static __global__ void normalize_kernel(const std::uint8_t* pixels, float* inputs,
                                        std::size_t count,
                                        const __grid_constant__ NetworkSet networks) {
  const OfNetwork of(networks);
  pixels = of(pixels);
  inputs = of(inputs);
  const std::size_t first = 4 * (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x);
  if (first + 4 <= count) {
    const uchar4 four = *reinterpret_cast<const uchar4*>(pixels + first);
    *reinterpret_cast<float4*>(inputs + first) =
        make_float4(normalize<float>(four.x), normalize<float>(four.y), normalize<float>(four.z),
                    normalize<float>(four.w));
    return;
  }
  for (std::size_t i = first; i < count; ++i) {
    inputs[i] = normalize<float>(pixels[i]);
  }
}

/// Turns the grey levels of a chunk of images into the network's inputs.
///
/// @param pixels [count], 4-byte aligned
/// @param inputs [count], 16-byte aligned
[[nodiscard]] inline cudaError_t launch_normalize(cudaStream_t stream, const std::uint8_t* pixels,
                                                  float* inputs, std::size_t count,
                                                  const NetworkSet& networks = {}) {
  const dim3 blocks(blocks_for(count, std::size_t{4} * kThreadsPerBlock), 1, networks.count);
  return launch(normalize_kernel, blocks, kThreadsPerBlock, stream, pixels, inputs, count,
                networks);
}

#endif

}  // namespace qmnist
