#pragma once

#include "kernels/dropout.h"
#include "kernels/host_device.h"
#include "kernels/loss_params.h"
#include "kernels/optimizer.h"
#include "kernels/philox.h"

namespace qmnist {

/// What differs between the training steps of a network, and between networks that take their
/// steps in the same launches.
struct StepParams {
  OptimizerStep<float> update = {};
  RowRandom random = {};  ///< of the first row that is computed
  Dropout dropout = {};
  LossParams<float> loss = {};
  float clip_norm = 0;  ///< of the gradients; 0 for none
};

/// The dropout of a step; none without a step, as where a network predicts.
QMNIST_HOST_DEVICE inline Dropout dropout_of(const StepParams* step) {
  return step == nullptr ? Dropout() : step->dropout;
}

/// The random numbers of a step, likewise.
QMNIST_HOST_DEVICE inline const RowRandom* random_of(const StepParams* step) {
  return step == nullptr ? nullptr : &step->random;
}

}  // namespace qmnist
