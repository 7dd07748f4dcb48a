#pragma once

#include "kernels/launch.h"

#ifdef QMNIST_KERNELS

namespace qmnist {

/// Sum of a warp's values in lane 0, always added in the same order. All lanes must take part.
template <typename Real>
__device__ inline Real warp_sum(Real value) {
  for (unsigned offset = kWarp / 2; offset > 0; offset /= 2) {
    value += __shfl_down_sync(kAllLanes, value, offset);
  }
  return value;
}

}  // namespace qmnist

#endif
