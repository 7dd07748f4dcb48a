// Vectors of floats for the current instruction set, and the operations on them that the formulas
// of kernels/ need. Highway includes this once for each instruction set, so the guard is a toggle.
#if defined(QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_
#undef QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_
#else
#define QMNIST_HOST_ENGINES_CPU_VECTOR_INL_H_
#endif

#include <hwy/highway.h>

#include "host/engines/cpu/packed_matrix.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of floats as wide as the machine's, up to a block.
using Floats = hn::CappedTag<float, kBlockWidth>;
using Vector = hn::Vec<Floats>;
inline constexpr Floats kFloats;
inline constexpr std::size_t kLanes = hn::MaxLanes(kFloats);
inline constexpr std::size_t kBlockVectors = kBlockWidth / kLanes;

/// All lanes of that value.
template <typename Value>
HWY_INLINE Value to_value(float value) {
  return hn::Set(kFloats, value);
}
HWY_INLINE Vector mul_add(Vector a, Vector b, Vector c) {
  return hn::MulAdd(a, b, c);
}
HWY_INLINE Vector mul_sub(Vector a, Vector b, Vector c) {
  return hn::MulSub(a, b, c);
}
HWY_INLINE Vector neg_mul_add(Vector a, Vector b, Vector c) {
  return hn::NegMulAdd(a, b, c);
}
HWY_INLINE Vector square_root(Vector values) {
  return hn::Sqrt(values);
}
HWY_INLINE Vector select(hn::Mask<Floats> mask, Vector yes, Vector no) {
  return hn::IfThenElse(mask, yes, no);
}
HWY_INLINE Vector zero_like(Vector /*values*/) {
  return hn::Zero(kFloats);
}

#define QMNIST_FORMULA HWY_INLINE
#include "kernels/optimizer-inl.h"
#include "kernels/relu-inl.h"
#undef QMNIST_FORMULA

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
