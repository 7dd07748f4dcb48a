#pragma once

#include "host/engines/cpu/panels.h"
#include "kernels/bias_activation.h"

namespace qmnist {

/// Turns sums into activations, in place, and leaves their slopes, for some rows and blocks: what
/// launch_bias_activation() does behind the bias.
///
/// @param outputs, slopes [rows, units]
/// @param random of the step; nullptr without dropout, as where a network predicts
void finish_units(const HiddenUnits& units, const RowRandom* random, Range rows, Range blocks,
                  PanelMatrix& outputs, PanelMatrix& slopes);

}  // namespace qmnist
