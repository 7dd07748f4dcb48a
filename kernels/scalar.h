#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "kernels/host_device.h"

namespace qmnist {

// Operations on float and double for the formulas in the -inl.h files;
// host/engines/cpu/vector-inl.h has the same for vectors of floats. Formulas in float give the same
// bits on every processor (docs/arithmetic.md): neither compiler fuses or splits an operation, so
// what is fused is written as such. In double they are what tests compare with.

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <std::floating_point Real, std::floating_point From>
QMNIST_HOST_DEVICE inline Real to_value(From value) {
  return static_cast<Real>(value);
}
/// a * b + c, rounded once.
QMNIST_HOST_DEVICE inline float mul_add(float a, float b, float c) {
  return std::fma(a, b, c);
}
QMNIST_HOST_DEVICE inline double mul_add(double a, double b, double c) {
  return a * b +
         c;  // much faster than a fused one where the compiler may not assume a CPU with FMA
}
/// a * b - c, rounded once.
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real mul_sub(Real a, Real b, Real c) {
  return mul_add(a, b, -c);
}
/// c - a * b, rounded once.
template <std::floating_point Real>
QMNIST_HOST_DEVICE inline Real neg_mul_add(Real a, Real b, Real c) {
  return mul_add(-a, b, c);
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

QMNIST_HOST_DEVICE inline std::uint32_t bits_of(float value) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(value);
#else
  return std::bit_cast<std::uint32_t>(value);
#endif
}
QMNIST_HOST_DEVICE inline float float_of(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}
/// value * 2^n for a normal result; n stands in the lowest bits of `rounded` = n + 1.5 * 2^23.
QMNIST_HOST_DEVICE inline float add_to_exponent(float value, float rounded) {
  return float_of(bits_of(value) + (bits_of(rounded) << 23));
}
/// n and the mantissa in [2/3, 4/3) of a normal value > 0 that is mantissa * 2^n.
QMNIST_HOST_DEVICE inline float split_exponent(float value, float& mantissa) {
  const std::uint32_t bits = bits_of(value);
  const std::uint32_t exponent = (bits - 0x3F2AAAABU) & 0xFF800000U;  // 2/3, rounded up
  mantissa = float_of(bits - exponent);
  return static_cast<float>(static_cast<std::int32_t>(exponent)) * 0x1p-23F;
}

/// base^exponent by squaring: the same bits everywhere, which std::pow does not promise.
inline double power(double base, std::uint64_t exponent) {
  double result = 1;
  for (; exponent != 0; exponent /= 2, base *= base) {
    result *= exponent % 2 == 1 ? base : 1;
  }
  return result;
}

// The elementary functions in double are the library's.
QMNIST_HOST_DEVICE inline double exponential(double x) {
  return std::exp(x);
}
QMNIST_HOST_DEVICE inline double natural_log(double x) {
  return std::log(x);
}
QMNIST_HOST_DEVICE inline double hyperbolic_tangent(double x) {
  return std::tanh(x);
}
QMNIST_HOST_DEVICE inline double gaussian(double x) {
  return std::exp(-x * x / 2);
}
QMNIST_HOST_DEVICE inline double normal_cdf(double x, double /*gaussian_of_x*/) {
  return std::erfc(-x * 0.70710678118654752) / 2;
}

#define QMNIST_FORMULA QMNIST_HOST_DEVICE inline
#include "kernels/elementary-inl.h"
#undef QMNIST_FORMULA

}  // namespace qmnist
