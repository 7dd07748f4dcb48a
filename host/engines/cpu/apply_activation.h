#pragma once

#include "host/engines/cpu/packed_matrix.h"
#include "kernels/bias_activation.h"

namespace qmnist::cpu {

/// Replaces pre-activations by activations and stores the derivatives, for some rows and blocks;
/// the same as launch_bias_activation() after the bias.
///
/// @param outputs, derivatives [rows, units]
/// @param random of the first row in a step; nullptr without dropout, as where a network predicts
void apply_activation(const ActivationParams& units, const RowRandom* random, Range rows,
                      Range blocks, PackedMatrix& outputs, PackedMatrix& derivatives);

}  // namespace qmnist::cpu
