#pragma once

#include <cstddef>

#include "kernels/forward_layer.h"
#include "kernels/gradient_use.h"
#include "kernels/launch.h"
#include "kernels/tile_product.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

static __global__ void __launch_bounds__(kTileThreads)
    tile_forward_kernel(ForwardLayer of_first, std::size_t rows,
                        const __grid_constant__ NetworkSet networks) {
  __shared__ TileMemory memory;
  const ForwardLayer layer = own_layer(OfNetwork(networks), of_first);
  const ActivationParams units = units_of(layer);
  multiply_tile({layer.inputs, rows, layer.input_count, true},
                {layer.weights, layer.output_count, layer.output_count, false}, layer.input_count,
                memory);
  for_each_sum(memory, rows, layer.output_count,
               [&](std::size_t row, std::size_t column, float sum) {
                 write_unit(layer, units, row, column, sum + layer.bias[column]);
               });
}

/// Forward pass of a layer that is too wide for launch_row_step(), in a fixed order:
///
///     s = 0, for each input, ascending: s = fma(input, weight, s); z = s + bias
///     activations = activate(z) * dropout, derivatives = activation_derivative(z) * dropout
[[nodiscard]] inline cudaError_t launch_tile_forward(cudaStream_t stream, const ForwardLayer& layer,
                                                     std::size_t rows,
                                                     const NetworkSet& networks = {}) {
  return launch(tile_forward_kernel, tile_blocks(rows, layer.output_count, networks), kTileThreads,
                stream, layer, rows, networks);
}

static __global__ void __launch_bounds__(kTileThreads)
    tile_backward_kernel(const float* deltas, const float* weights, const float* derivatives,
                         float* deltas_below, std::size_t rows, std::size_t inputs,
                         std::size_t outputs, const __grid_constant__ NetworkSet networks) {
  __shared__ TileMemory memory;
  const OfNetwork of(networks);
  deltas = of(deltas);
  weights = of(weights);
  derivatives = of(derivatives);
  deltas_below = of(deltas_below);
  multiply_tile({deltas, rows, outputs, true}, {weights, inputs, outputs, true}, outputs, memory);
  for_each_sum(memory, rows, inputs, [&](std::size_t row, std::size_t column, float sum) {
    const std::size_t place = row * inputs + column;
    deltas_below[place] = derivatives[place] * sum;
  });
}

/// Backward pass of a layer to the deltas of the layer below, in a fixed order:
///
///     s = 0, for each output, ascending: s = fma(delta, weight, s)
///     delta of the input = derivative * s
///
/// @param deltas [rows, outputs] row-major
/// @param weights [inputs, outputs] row-major
/// @param derivatives, deltas_below [rows, inputs] row-major
[[nodiscard]] inline cudaError_t launch_tile_backward(cudaStream_t stream, const float* deltas,
                                                      const float* weights,
                                                      const float* derivatives, float* deltas_below,
                                                      std::size_t rows, std::size_t inputs,
                                                      std::size_t outputs,
                                                      const NetworkSet& networks = {}) {
  return launch(tile_backward_kernel, tile_blocks(rows, inputs, networks), kTileThreads, stream,
                deltas, weights, derivatives, deltas_below, rows, inputs, outputs, networks);
}

static __global__ void __launch_bounds__(kTileThreads)
    tile_update_kernel(const float* inputs, const float* deltas, GradientUse use,
                       std::size_t weight_at, std::size_t rows, std::size_t input_count,
                       std::size_t output_count, const __grid_constant__ NetworkSet networks) {
  __shared__ TileMemory memory;
  const OfNetwork of(networks);
  inputs = of(inputs);
  deltas = of(deltas);
  multiply_tile({inputs, input_count, input_count, false},
                {deltas, output_count, output_count, false}, rows, memory);
  for_each_sum(memory, input_count, output_count,
               [&](std::size_t input, std::size_t output, float gradient) {
                 const std::size_t place = of.floats() + weight_at + input * output_count + output;
                 use_gradient(use, of, place, gradient, load_state(use, place));
               });
}

/// The gradient of a layer's weights in a fixed order, and at once the optimizer's step with it:
///
///     g = 0, for each row, ascending: g = fma(input, delta, g)
///
/// @param inputs [rows, input_count] row-major
/// @param deltas [rows, output_count] row-major
/// @param weight_at of the weights [input_count, output_count] in the arenas of `use`
[[nodiscard]] inline cudaError_t launch_tile_update(cudaStream_t stream, const float* inputs,
                                                    const float* deltas, const GradientUse& use,
                                                    std::size_t weight_at, std::size_t rows,
                                                    std::size_t input_count,
                                                    std::size_t output_count,
                                                    const NetworkSet& networks = {}) {
  return launch(tile_update_kernel, tile_blocks(input_count, output_count, networks), kTileThreads,
                stream, inputs, deltas, use, weight_at, rows, input_count, output_count, networks);
}

#endif

}  // namespace qmnist
