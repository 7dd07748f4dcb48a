#pragma once

#include "kernels/optimizer.h"
#include "kernels/philox.h"

namespace qmnist::cuda {

/// Parameters of a training step on the device.
struct StepParams {
  OptimizerStep<float> update;
  RowRandom random;
};

}  // namespace qmnist::cuda
