#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activation.h"
#include "kernels/dropout.h"
#include "kernels/host_device.h"

namespace qmnist {

/// How a hidden layer's units leave a training step.
struct ActivationParams {
  Activation activation;
  Dropout dropout;
  std::size_t layer;  ///< 0, 1, ...
};

/// A hidden unit after its pre-activation.
struct HiddenUnit {
  float activation;  ///< times the dropout factor
  float derivative;  ///< of `activation` by the pre-activation
};

/// The unit `column` of a row.
/// @param z its pre-activation
/// @param random of the step and the first row, which may stand in the midst of its batch; nullptr
///   without dropout, as where a network predicts
QMNIST_HOST_DEVICE inline HiddenUnit hidden_unit(const ActivationParams& units,
                                                 const RowRandom* random, std::size_t row,
                                                 std::size_t column, float z) {
  float factor = 1;
  if (random != nullptr && units.dropout.active()) {
    RowRandom of_row = *random;
    of_row.row += static_cast<std::uint32_t>(row);
    factor = dropout_factor(units.dropout, of_row, units.layer, column);
  }
  return {.activation = activate(units.activation, z) * factor,
          .derivative = activation_derivative(units.activation, z) * factor};
}

}  // namespace qmnist
