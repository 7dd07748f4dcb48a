#pragma once

#include <cmath>
#include <concepts>

#include "kernels/host_device.h"

namespace qmnist {

// Operations on float and double for the formulas in the -inl.h files;
// host/engines/cpu/vector-inl.h has the same for vectors.

template <std::floating_point Real, std::floating_point From>
QMNIST_HOST_DEVICE inline Real to_value(From value) {
  return static_cast<Real>(value);
}
/// a * b + c; a compiler may fuse it.
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real mul_add(Real a, Real b, Real c) {
  return a * b + c;
}
/// a * b - c
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real mul_sub(Real a, Real b, Real c) {
  return a * b - c;
}
/// c - a * b
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real neg_mul_add(Real a, Real b, Real c) {
  return c - a * b;
}
/// a * b, which a compiler must not fuse with an addition that follows.
QMNIST_HOST_DEVICE inline float rounded_product(float a, float b) {
#ifdef __CUDA_ARCH__
  return __fmul_rn(a, b);
#else
  return a * b;  // the host's code is compiled without contraction
#endif
}
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real square_root(Real value) {
  return std::sqrt(value);
}
/// `yes` where the condition holds, else `no`.
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real select(bool condition, Real yes, Real no) {
  return condition ? yes : no;
}
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real zero_like(Real /*value*/) {
  return 0;
}

}  // namespace qmnist
