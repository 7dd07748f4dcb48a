#pragma once

#include <cstddef>

#include "kernels/hidden_unit.h"
#include "kernels/launch.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

/// Rows of threads in a block of bias_activation_kernel.
inline constexpr unsigned kBiasActivationRows = 8;

/// One unit per thread: the lanes of a warp take neighbouring columns of a row.
static __global__ void bias_activation_kernel(float* __restrict__ outputs,
                                              float* __restrict__ derivatives,
                                              const float* __restrict__ bias,
                                              ActivationParams units,
                                              const RowRandom* __restrict__ random,
                                              std::size_t rows, std::size_t columns) {
  const std::size_t column = std::size_t{blockIdx.x} * kWarp + threadIdx.x;
  const std::size_t row = std::size_t{blockIdx.y} * kBiasActivationRows + threadIdx.y;
  if (column >= columns || row >= rows) {
    return;
  }
  const std::size_t place = row * columns + column;
  const HiddenUnit unit = hidden_unit(units, random, row, column, outputs[place] + bias[column]);
  outputs[place] = unit.activation;
  if (derivatives != nullptr) {
    derivatives[place] = unit.derivative;
  }
}

/// Forward pass after a hidden layer's matrix product, in place: bias, activation, dropout.
///
///     z = outputs + bias, outputs = activate(z) * dropout, derivatives = activation_derivative(z)
///     * dropout
///
/// @param outputs [rows, columns] row-major
/// @param derivatives likewise; nullptr where there will be no backward pass
/// @param bias [columns]
/// @param random of the step, on the device; nullptr without dropout, as where a network predicts
[[nodiscard]] inline cudaError_t launch_bias_activation(cudaStream_t stream, float* outputs,
                                                        float* derivatives, const float* bias,
                                                        const ActivationParams& units,
                                                        const RowRandom* random, std::size_t rows,
                                                        std::size_t columns) {
  const dim3 blocks(blocks_for(columns, kWarp), blocks_for(rows, kBiasActivationRows));
  return launch(bias_activation_kernel, blocks, dim3(kWarp, kBiasActivationRows), stream, outputs,
                derivatives, bias, units, random, rows, columns);
}

#endif

}  // namespace qmnist
