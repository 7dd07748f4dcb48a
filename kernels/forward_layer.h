#pragma once

#include <cstddef>

#include "kernels/hidden_unit.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/step_params.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// A layer's forward pass in a fixed order of operations, for launch_sparse_forward() and
/// launch_tile_forward().
struct ForwardLayer {
  const float* inputs;   ///< [rows, input_count] row-major
  const float* weights;  ///< [input_count, output_count] row-major
  const float* bias;     ///< [output_count]
  float* activations;    ///< [rows, output_count]; of the last layer: its logits
  float* derivatives;  ///< [rows, output_count] of a hidden layer; nullptr where nothing needs them
  std::size_t input_count;
  std::size_t output_count;
  bool is_last;                ///< has no activation
  Activation activation;       ///< of a hidden layer
  std::size_t index;           ///< of the layer: 0, 1, ...
  const StepParams* step;      ///< on the device; nullptr to predict
  bool shares_inputs = false;  ///< all networks read the same inputs
};

/// The layer of one network.
__device__ inline ForwardLayer own_layer(const OfNetwork& of, ForwardLayer layer) {
  layer.inputs = layer.shares_inputs ? layer.inputs : of(layer.inputs);
  layer.weights = of(layer.weights);
  layer.bias = of(layer.bias);
  layer.activations = of(layer.activations);
  layer.derivatives = of(layer.derivatives);
  layer.step = of(layer.step);
  return layer;
}

/// How the layer's units leave the step: to be read early, as it comes from memory.
__device__ inline ActivationParams units_of(const ForwardLayer& layer) {
  return {layer.activation, dropout_of(layer.step), layer.index};
}

/// Writes what a unit of a row, whose pre-activation is z, passes on.
__device__ inline void write_unit(const ForwardLayer& layer, const ActivationParams& units,
                                  std::size_t row, std::size_t unit, float z) {
  const std::size_t place = row * layer.output_count + unit;
  if (layer.is_last) {
    layer.activations[place] = z;
    return;
  }
  const HiddenUnit result = hidden_unit(units, random_of(layer.step), row, unit, z);
  layer.activations[place] = result.activation;
  if (layer.derivatives != nullptr) {
    layer.derivatives[place] = result.derivative;
  }
}

#endif

}  // namespace qmnist
