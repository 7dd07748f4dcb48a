#pragma once

#include <cstddef>

#include "kernels/forward_layer.h"
#include "kernels/launch.h"
#include "kernels/scalar.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

/// A pixel that is not zero.
struct Pixel {
  float value;
  unsigned index;
};

inline constexpr unsigned kSparseWarps = 4;      ///< of a block
inline constexpr unsigned kSparsePixels = 1024;  ///< that a block looks at at a time
inline constexpr unsigned kPixelsOfWarp = kSparsePixels / kSparseWarps;
inline constexpr unsigned kPixelTurns = kPixelsOfWarp / kWarp;

/// Collects the pixels of inputs[first ... first + kSparsePixels) that are not zero, ascending.
/// Each warp takes a quarter of them, and finds its place behind the others' by their counts.
/// @param pixels [kSparsePixels], counts [kSparseWarps], both shared; complete on return
/// @return how many there are
__device__ inline unsigned collect_pixels(const float* inputs, std::size_t first, std::size_t count,
                                          Pixel* pixels, unsigned* counts) {
  const unsigned warp = threadIdx.x / kWarp;
  const unsigned lane = threadIdx.x % kWarp;
  const std::size_t begin = first + std::size_t{warp} * kPixelsOfWarp + lane;
  float values[kPixelTurns];
  for (unsigned turn = 0; turn < kPixelTurns; ++turn) {
    const std::size_t k = begin + std::size_t{turn} * kWarp;
    values[turn] = k < count ? inputs[k] : 0;
  }
  unsigned masks[kPixelTurns];
  unsigned of_warp = 0;
  for (unsigned turn = 0; turn < kPixelTurns; ++turn) {
    masks[turn] = __ballot_sync(kAllLanes, values[turn] != 0 ? 1 : 0);
    of_warp += static_cast<unsigned>(__popc(masks[turn]));
  }
  if (lane == 0) {
    counts[warp] = of_warp;
  }
  __syncthreads();  // every warp's count must be there
  unsigned place = 0;
  unsigned total = 0;
  for (unsigned other = 0; other < kSparseWarps; ++other) {
    place += other < warp ? counts[other] : 0;
    total += counts[other];
  }
  for (unsigned turn = 0; turn < kPixelTurns; ++turn) {
    if (values[turn] != 0) {
      const unsigned below = masks[turn] & ((1U << lane) - 1);
      pixels[place + static_cast<unsigned>(__popc(below))] = {
          values[turn], static_cast<unsigned>(begin) + turn * kWarp};
    }
    place += static_cast<unsigned>(__popc(masks[turn]));
  }
  __syncthreads();  // every pixel must be there
  return total;
}

/// z plus the products of the pixels and their weights, added in the pixels' order.
/// @param weights of the unit and pixel 0; the next pixel's are `stride` further
__device__ inline float add_pixels(const Pixel* pixels, unsigned count, const float* weights,
                                   std::size_t stride, float z) {
  constexpr unsigned kAtOnce = 32;  // their latencies overlap, and are most of the time
  for (unsigned first = 0; first < count; first += kAtOnce) {
    float of_pixels[kAtOnce];
    for (unsigned i = 0; i < kAtOnce; ++i) {
      of_pixels[i] = first + i < count ? weights[pixels[first + i].index * stride] : 0;
    }
    for (unsigned i = 0; i < kAtOnce; ++i) {
      if (first + i < count) {
        z = mul_add(pixels[first + i].value, of_pixels[i], z);
      }
    }
  }
  return z;
}

/// A block takes a row and kWarp units: all warps look for pixels, then the first warp's lanes have
/// a unit each. The other warps would only repeat the search.
static __global__ void __launch_bounds__(kSparseWarps* kWarp)
    sparse_forward_kernel(ForwardLayer of_first, const __grid_constant__ NetworkSet networks) {
  __shared__ Pixel pixels[kSparsePixels];
  __shared__ unsigned counts[kSparseWarps];
  const ForwardLayer layer = own_layer(OfNetwork(networks), of_first);
  const ActivationParams units = units_of(layer);
  const std::size_t row = blockIdx.x;
  const std::size_t unit = std::size_t{blockIdx.y} * kWarp + threadIdx.x;
  const bool has_unit = threadIdx.x < kWarp && unit < layer.output_count;
  const float* inputs = layer.inputs + row * layer.input_count;
  float z = has_unit ? layer.bias[unit] : 0;
  for (std::size_t first = 0; first < layer.input_count; first += kSparsePixels) {
    const unsigned count = collect_pixels(inputs, first, layer.input_count, pixels, counts);
    if (has_unit) {
      z = add_pixels(pixels, count, layer.weights + unit, layer.output_count, z);
    }
    __syncthreads();  // the next pixels take the place of these
  }
  if (has_unit) {
    write_unit(layer, units, row, unit, z);
  }
}

// NOLINTEND(modernize-avoid-c-arrays)

/// Forward pass of the first layer in a fixed order, which leaves out pixels that are zero:
///
///     z = bias, then for each input that is not zero, ascending: z = fma(input, weight, z)
///     activations = activate(z) * dropout, derivatives = activation_derivative(z) * dropout
[[nodiscard]] inline cudaError_t launch_sparse_forward(cudaStream_t stream,
                                                       const ForwardLayer& layer, std::size_t rows,
                                                       const NetworkSet& networks = {}) {
  const dim3 blocks(static_cast<unsigned>(rows), blocks_for(layer.output_count, kWarp),
                    networks.count);
  return launch(sparse_forward_kernel, blocks, kSparseWarps * kWarp, stream, layer, networks);
}

#endif

}  // namespace qmnist
