#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace qmnist::cpu {

/// a * b + c rounded once, for CPUs without an instruction for it. The product is exact in double;
/// the sum is rounded to odd, which makes the second rounding harmless (Boldo and Melquiond 2008,
/// "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd").
inline float fused_in_double(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = c;
  const double sum = product + addend;
  // Knuth's TwoSum: sum + error is exact.
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  const bool is_exact = !(std::abs(error) > 0);  // or not finite
  if (is_exact || bits % 2 == 1) {
    return static_cast<float>(sum);
  }
  const bool grows = (error > 0) == (sum > 0);
  return static_cast<float>(std::bit_cast<double>(grows ? bits + 1 : bits - 1));
}

}  // namespace qmnist::cpu
