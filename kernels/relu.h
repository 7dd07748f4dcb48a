#pragma once

#include "kernels/host_device.h"

namespace qmnist {

/// Rectified linear unit: max(x, 0).
template <typename Real>
QMNIST_HOST_DEVICE inline Real relu(Real x) {
  return x > Real{0} ? x : Real{0};
}

/// Gradient of the loss before the ReLU, from the one behind it and the ReLU's own output.
/// At exactly 0 it is 0, as in Keras and PyTorch.
template <typename Real>
QMNIST_HOST_DEVICE inline Real relu_gradient(Real activation, Real upstream) {
  return activation > Real{0} ? upstream : Real{0};
}

}  // namespace qmnist
