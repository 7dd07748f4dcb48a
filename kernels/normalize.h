#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace qmnist {

/// Grey level 0..255 to the network's input 0..1.
template <typename Real>
QMNIST_HOST_DEVICE inline Real normalize(std::uint8_t pixel) {
  return static_cast<Real>(pixel) / Real{255};
}

}  // namespace qmnist
