#pragma once

#include <cstddef>

#include "kernels/activation.h"
#include "kernels/dropout.h"
#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace qmnist {

/// How a hidden layer's units leave a training step.
struct ActivationParams {
  Activation activation;
  Dropout dropout;
  std::size_t layer;  ///< 0, 1, ...
};

#ifdef QMNIST_KERNELS

/// kDropoutGroup neighbouring units of a row per thread, as they share their random words.
static __global__ void bias_activation_kernel(float* __restrict__ outputs,
                                              float* __restrict__ derivatives,
                                              const float* __restrict__ bias,
                                              ActivationParams units,
                                              const RowRandom* __restrict__ random,
                                              std::size_t rows, std::size_t columns) {
  const std::size_t groups = (columns + kDropoutGroup - 1) / kDropoutGroup;
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= rows * groups) {
    return;
  }
  const std::size_t row = i / groups;
  const std::size_t group = i % groups;
  float factors[kDropoutGroup];  // NOLINT(modernize-avoid-c-arrays): no std::array on a device
  for (float& factor : factors) {
    factor = 1;
  }
  if (random != nullptr && units.dropout.active()) {
    RowRandom of_row = *random;
    of_row.row = static_cast<std::uint32_t>(row);
    dropout_factors(units.dropout, of_row, units.layer, group, factors);
  }
  for (std::size_t unit = 0; unit < kDropoutGroup; ++unit) {
    const std::size_t column = group * kDropoutGroup + unit;
    if (column < columns) {
      const std::size_t place = row * columns + column;
      const float z = outputs[place] + bias[column];
      outputs[place] = activate(units.activation, z) * factors[unit];
      derivatives[place] = activation_derivative(units.activation, z) * factors[unit];
    }
  }
}

/// Forward pass after a hidden layer's matrix product, in place: bias, activation, dropout.
///
///     z = outputs + bias, outputs = activate(z) * dropout, derivatives = activation_derivative(z)
///     * dropout
///
/// @param outputs, derivatives [rows, columns] row-major
/// @param bias [columns]
/// @param random of the step, on the device; nullptr without dropout, as where a network predicts
[[nodiscard]] inline cudaError_t launch_bias_activation(cudaStream_t stream, float* outputs,
                                                        float* derivatives, const float* bias,
                                                        const ActivationParams& units,
                                                        const RowRandom* random, std::size_t rows,
                                                        std::size_t columns) {
  const std::size_t groups = (columns + kDropoutGroup - 1) / kDropoutGroup;
  return launch(bias_activation_kernel, blocks_for(rows * groups, kThreadsPerBlock),
                kThreadsPerBlock, stream, outputs, derivatives, bias, units, random, rows, columns);
}

#endif

}  // namespace qmnist
