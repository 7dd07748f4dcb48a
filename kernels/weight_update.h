#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/gradient_use.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/row_step.h"
#include "kernels/scalar.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

inline constexpr unsigned kUpdateWarps = 8;  ///< of a block, each with an input of the layer
inline constexpr unsigned kUpdateThreads = kUpdateWarps * kWarp;

/// The layers of a network for launch_weight_update(). Arenas are laid out as it says.
struct UpdateLayers {
  struct Layer {
    const float* inputs = nullptr;  ///< [rows, input_count] row-major
    const float* deltas = nullptr;  ///< [rows, output_count] row-major
    std::size_t input_count;
    std::size_t output_count;
    std::size_t weight_at = 0;  ///< in an arena: [input_count, output_count] row-major
    std::size_t bias_at = 0;    ///< in an arena: [output_count]
    bool skips_zeros = false;   ///< leaves rows out whose input is zero
    bool is_bias_only = false;  ///< the weights are updated elsewhere
    unsigned first_block = 0;
    unsigned columns_of_blocks = 0;
  };
  std::size_t count = 0;
  unsigned blocks = 0;
  Layer at[kMaxLayers] = {};

  void add(Layer layer) {
    layer.first_block = blocks;
    layer.columns_of_blocks = blocks_for(layer.output_count, kWarp);
    const std::size_t inputs = layer.is_bias_only ? 1 : layer.input_count + 1;
    blocks += layer.columns_of_blocks * blocks_for(inputs, kUpdateWarps);
    at[count++] = layer;
  }
};

/// What launch_row_step() left of each row, and the sums that take it.
struct RowResults {
  const float* losses;          ///< [rows]
  const std::uint8_t* correct;  ///< [rows]
  /// Of each block of NetworkSet; not of two launches at the same time. nullptr to take no sums.
  DeviceMetrics* metrics;
};

/// Length of an input's column of rows in shared memory: a multiple of four, so that four rows are
/// read at once, with which the writes of a warp, 4 rows of 8 inputs, go to 32 banks.
inline constexpr unsigned kInputPitch = 36;

/// Memory of a block.
struct UpdateMemory {
  alignas(16) float inputs[kUpdateWarps][kInputPitch];  ///< of kWarp rows
  float deltas[kWarp][kWarp];                           ///< [row][unit]
};

/// Brings rows [first, first + kWarp) of the block's inputs and units to shared memory; beyond the
/// ends, it is not defined what is there. Input `input_count` is the bias's, which is 1.
__device__ inline void load_rows(const UpdateLayers::Layer& layer, const OfNetwork& of,
                                 std::size_t first_input, std::size_t first_unit, std::size_t first,
                                 std::size_t rows, UpdateMemory& memory) {
  const std::size_t input = first_input + threadIdx.x % kUpdateWarps;
  const std::size_t row = first + threadIdx.x / kUpdateWarps;
  float value = 1;
  if (row < rows && input < layer.input_count) {
    value = of(layer.inputs)[row * layer.input_count + input];
  }
  memory.inputs[threadIdx.x % kUpdateWarps][threadIdx.x / kUpdateWarps] = value;
  const unsigned lane = threadIdx.x % kWarp;
  for (unsigned i = threadIdx.x / kWarp; i < kWarp; i += kUpdateWarps) {
    if (first + i < rows && first_unit + lane < layer.output_count) {
      memory.deltas[i][lane] =
          of(layer.deltas)[(first + i) * layer.output_count + first_unit + lane];
    }
  }
}

/// Adds to g the products of the rows that the mask names, ascending.
__device__ inline float add_rows(const float* inputs, const float (*deltas)[kWarp], unsigned mask,
                                 float g) {
  const unsigned lane = threadIdx.x % kWarp;
  if (mask == kAllLanes) {
    for (unsigned row = 0; row < kWarp; ++row) {
      g = mul_add(inputs[row], deltas[row][lane], g);
    }
    return g;
  }
  for (; mask != 0; mask &= mask - 1) {
    const auto row = static_cast<unsigned>(__ffs(static_cast<int>(mask)) - 1);
    g = mul_add(inputs[row], deltas[row][lane], g);
  }
  return g;
}

/// The weights of kUpdateWarps inputs to kWarp units.
__device__ inline void update_block(const UpdateLayers::Layer& layer, const GradientUse& use,
                                    const OfNetwork& of, std::size_t rows, UpdateMemory& memory) {
  const unsigned block = blockIdx.x - layer.first_block;
  const unsigned warp = threadIdx.x / kWarp;
  const unsigned lane = threadIdx.x % kWarp;
  const std::size_t first_unit = std::size_t{block % layer.columns_of_blocks} * kWarp;
  const std::size_t first_input = (layer.is_bias_only ? layer.input_count : 0) +
                                  std::size_t{block / layer.columns_of_blocks} * kUpdateWarps;
  const std::size_t input = first_input + warp;
  const std::size_t unit = first_unit + lane;
  const bool has_weight = input <= layer.input_count && unit < layer.output_count;
  const bool is_bias = input == layer.input_count;
  const std::size_t place =
      of.floats() +
      (is_bias ? layer.bias_at + unit : layer.weight_at + input * layer.output_count + unit);
  const ParameterState state = has_weight ? load_state(use, place) : ParameterState{};
  float g = 0;
  for (std::size_t first = 0; first < rows; first += kWarp) {
    load_rows(layer, of, first_input, first_unit, first, rows, memory);
    __syncthreads();  // the rows must be there
    const float* inputs = memory.inputs[warp];
    const bool counts = first + lane < rows && (!layer.skips_zeros || is_bias || inputs[lane] != 0);
    const unsigned mask = __ballot_sync(kAllLanes, counts ? 1 : 0);
    if (has_weight) {
      g = add_rows(inputs, memory.deltas, mask, g);
    }
    __syncthreads();  // the next rows take the place of these
  }
  if (has_weight) {
    use_gradient(use, of, place, g, state);
  }
}

/// Adds the rows' losses and hits to the metrics, rows ascending, by one block.
__device__ inline void add_metrics(const RowResults& results, const OfNetwork& of, std::size_t rows,
                                   float* losses) {
  const float* of_rows = of(results.losses);
  const std::uint8_t* correct = of(results.correct);
  DeviceMetrics sum = results.metrics[of.block()];
  for (std::size_t first = 0; first < rows; first += kUpdateThreads) {
    const std::size_t row = first + threadIdx.x;
    const bool exists = row < rows;
    losses[threadIdx.x] = exists ? of_rows[row] : 0;
    // A barrier, too: all losses are there.
    sum.correct += static_cast<unsigned>(__syncthreads_count(exists && correct[row] != 0 ? 1 : 0));
    if (threadIdx.x == 0) {
      for (std::size_t i = 0; i < kUpdateThreads && first + i < rows; ++i) {
        sum.loss_sum += static_cast<double>(losses[i]);
      }
    }
    __syncthreads();  // the next losses take the place of these
  }
  if (threadIdx.x == 0) {
    results.metrics[of.block()] = sum;
  }
}

/// A block takes kUpdateWarps inputs of a layer, one a warp, and kWarp units, one a lane; the last
/// block takes the metrics.
static __global__ void __launch_bounds__(kUpdateThreads)
    weight_update_kernel(UpdateLayers layers, GradientUse use, RowResults results, std::size_t rows,
                         const __grid_constant__ NetworkSet networks) {
  __shared__ UpdateMemory memory;
  const OfNetwork of(networks);
  if (blockIdx.x == layers.blocks) {
    add_metrics(results, of, rows, &memory.deltas[0][0]);
    return;
  }
  std::size_t l = 0;
  while (l + 1 < layers.count && blockIdx.x >= layers.at[l + 1].first_block) {
    ++l;
  }
  update_block(layers.at[l], use, of, rows, memory);
}

/// The end of a training step: the gradient of each weight and bias of all layers in a fixed order,
/// rows of the batch ascending, and at once the optimizer's step with it; and the batch's metrics.
///
///     g = 0, for each row: g = fma(input, delta, g); of a bias: g = g + delta
///
/// The first layer leaves out the rows whose pixel is zero.
[[nodiscard]] inline cudaError_t launch_weight_update(cudaStream_t stream,
                                                      const UpdateLayers& layers,
                                                      const GradientUse& use,
                                                      const RowResults& results, std::size_t rows,
                                                      const NetworkSet& networks = {}) {
  const unsigned blocks = layers.blocks + (results.metrics == nullptr ? 0 : 1);
  return launch(weight_update_kernel, dim3(blocks, 1, networks.count), kUpdateThreads, stream,
                layers, use, results, rows, networks);
}

/// Only the batch's metrics: adds the losses and hits of its rows, rows ascending.
[[nodiscard]] inline cudaError_t launch_metrics(cudaStream_t stream, const RowResults& results,
                                                std::size_t rows, const NetworkSet& networks = {}) {
  return launch_weight_update(stream, {}, {}, results, rows, networks);
}

// NOLINTEND(modernize-avoid-c-arrays)

#endif

}  // namespace qmnist
