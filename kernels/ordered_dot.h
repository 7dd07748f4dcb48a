#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/scalar.h"

namespace qmnist {

/// sum + a[0] * b[0] + a[1] * b[stride] + ..., `count` terms added one after the other, each by a
/// fused multiply-add. So many operands are read at a time that their latencies overlap.
/// @param stride between the factors in `b`
QMNIST_HOST_DEVICE inline float ordered_dot(const float* a, const float* b, std::size_t stride,
                                            std::size_t count, float sum) {
  // NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device
  constexpr std::size_t kAtOnce = 8;
  std::size_t first = 0;
  for (; first + kAtOnce <= count; first += kAtOnce) {
    float left[kAtOnce];
    float right[kAtOnce];
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      left[i] = a[first + i];
      right[i] = b[(first + i) * stride];
    }
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      sum = mul_add(left[i], right[i], sum);
    }
  }
  // NOLINTEND(modernize-avoid-c-arrays)
  for (; first < count; ++first) {
    sum = mul_add(a[first], b[first * stride], sum);
  }
  return sum;
}

}  // namespace qmnist
