#pragma once

#include <cstddef>

#include "kernels/hidden_unit.h"
#include "kernels/launch.h"

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
  bool is_last;             ///< has no activation
  ActivationParams units;   ///< of a hidden layer
  const RowRandom* random;  ///< of the step, on the device; nullptr without dropout
};

/// Writes what a unit of a row, whose pre-activation is z, passes on.
__device__ inline void write_unit(const ForwardLayer& layer, std::size_t row, std::size_t unit,
                                  float z) {
  const std::size_t place = row * layer.output_count + unit;
  if (layer.is_last) {
    layer.activations[place] = z;
    return;
  }
  const HiddenUnit result = hidden_unit(layer.units, layer.random, row, unit, z);
  layer.activations[place] = result.activation;
  if (layer.derivatives != nullptr) {
    layer.derivatives[place] = result.derivative;
  }
}

#endif

}  // namespace qmnist
