#pragma once

#include "host/engines/cpu/packed_matrix.h"
#include "kernels/bias_activation.h"

namespace qmnist::cpu {

/// Turns sums into activations, in place, and leaves their derivatives, for some rows and blocks:
/// what launch_bias_activation() does behind the bias.
///
/// @param outputs, derivatives [rows, units]
/// @param random of the step; nullptr without dropout, as where a network predicts
void apply_activation(const ActivationParams& units, const RowRandom* random, Range rows,
                      Range blocks, PackedMatrix& outputs, PackedMatrix& derivatives);

}  // namespace qmnist::cpu
