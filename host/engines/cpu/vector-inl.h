// Vectors of floats for the current instruction set, and the operations on them that the formulas
// of kernels/ need. Highway includes this once for each instruction set, so the guard is a toggle.
#if defined(QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_
#undef QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_
#else
#define QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>

#include "host/engines/cpu/fused_in_double.h"
#include "host/engines/cpu/packed_matrix.h"
#include "host/settings/optimizer_settings.h"
#include "kernels/activation.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of floats as wide as the machine's, up to a block.
using Floats = hn::CappedTag<float, kBlockWidth>;
using Vector = hn::Vec<Floats>;
inline constexpr Floats kFloats;
inline constexpr std::size_t kLanes = hn::MaxLanes(kFloats);
inline constexpr std::size_t kBlockVectors = kBlockWidth / kLanes;

using Integers = hn::RebindToSigned<Floats>;
inline constexpr Integers kIntegers;

/// All lanes of that value.
template <typename Value>
HWY_INLINE Value to_value(double value) {
  return hn::Set(kFloats, static_cast<float>(value));
}

#if HWY_NATIVE_FMA
/// a * b + c, rounded once.
HWY_INLINE Vector mul_add(Vector a, Vector b, Vector c) {
  return hn::MulAdd(a, b, c);
}
/// a * b - c, rounded once.
HWY_INLINE Vector mul_sub(Vector a, Vector b, Vector c) {
  return hn::MulSub(a, b, c);
}
/// c - a * b, rounded once.
HWY_INLINE Vector neg_mul_add(Vector a, Vector b, Vector c) {
  return hn::NegMulAdd(a, b, c);
}
#else
HWY_INLINE Vector mul_add(Vector a, Vector b, Vector c) {
  HWY_ALIGN std::array<std::array<float, kLanes>, 3> lanes;
  hn::Store(a, kFloats, lanes[0].data());
  hn::Store(b, kFloats, lanes[1].data());
  hn::Store(c, kFloats, lanes[2].data());
  for (std::size_t i = 0; i < kLanes; ++i) {
    lanes[0][i] = fused_in_double(lanes[0][i], lanes[1][i], lanes[2][i]);
  }
  return hn::Load(kFloats, lanes[0].data());
}
HWY_INLINE Vector mul_sub(Vector a, Vector b, Vector c) {
  return mul_add(a, b, hn::Neg(c));
}
HWY_INLINE Vector neg_mul_add(Vector a, Vector b, Vector c) {
  return mul_add(hn::Neg(a), b, c);
}
#endif
HWY_INLINE Vector square_root(Vector values) {
  return hn::Sqrt(values);
}
HWY_INLINE Vector select(hn::Mask<Floats> mask, Vector yes, Vector no) {
  return hn::IfThenElse(mask, yes, no);
}
/// See kernels/scalar.h.
HWY_INLINE Vector add_to_exponent(Vector values, Vector rounded) {
  return hn::BitCast(kFloats, hn::Add(hn::BitCast(kIntegers, values),
                                      hn::ShiftLeft<23>(hn::BitCast(kIntegers, rounded))));
}
/// See kernels/scalar.h.
HWY_INLINE Vector split_exponent(Vector values, Vector& mantissas) {
  const auto bits = hn::BitCast(kIntegers, values);
  const auto exponents = hn::And(hn::Sub(bits, hn::Set(kIntegers, 0x3F2AAAAB)),
                                 hn::Set(kIntegers, static_cast<std::int32_t>(0xFF800000U)));
  mantissas = hn::BitCast(kFloats, hn::Sub(bits, exponents));
  return hn::Mul(hn::ConvertTo(kFloats, exponents), hn::Set(kFloats, 0x1p-23F));
}

#define QMNIST_FORMULA HWY_INLINE
#include "kernels/elementary-inl.h"
// What follows uses them.
#include "kernels/activation-inl.h"
#include "kernels/optimizer-inl.h"
#include "kernels/softmax-inl.h"
#undef QMNIST_FORMULA

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
