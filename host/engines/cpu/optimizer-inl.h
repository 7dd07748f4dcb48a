// What the vector code of every instruction set shares. Highway includes it once for each, so the
// guard is a toggle.
#if defined(QMNIST_HOST_ENGINES_CPU_OPTIMIZER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QMNIST_HOST_ENGINES_CPU_OPTIMIZER_INL_H_
#undef QMNIST_HOST_ENGINES_CPU_OPTIMIZER_INL_H_
#else
#define QMNIST_HOST_ENGINES_CPU_OPTIMIZER_INL_H_
#endif

#include <hwy/highway.h>

#include <array>

#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/packed_matrix.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of floats as wide as the machine's, up to a block.
using Floats = hn::CappedTag<float, kBlockWidth>;
using Vector = hn::Vec<Floats>;
inline constexpr Floats kFloats;
inline constexpr std::size_t kLanes = hn::MaxLanes(kFloats);
inline constexpr std::size_t kBlockVectors = kBlockWidth / kLanes;

/// relu() of each value; passes NaN on, as hn::Max need not.
HWY_INLINE Vector relu_of(Vector values) {
  return hn::IfThenZeroElse(hn::Le(values, hn::Zero(kFloats)), values);
}

/// Writes the gradients of consecutive parameters.
class Store {
 public:
  explicit Store(PackedMatrix& gradients) : gradients_(gradients) {}

  /// `sums` are those of a row, from a block on.
  template <std::size_t kCount>
  HWY_INLINE void operator()(std::size_t block, std::size_t row,
                             const std::array<Vector, kCount>& sums) const {
    float* gradients = gradients_.row(block, row);
    for (std::size_t i = 0; i < kCount; ++i) {
      hn::Store(sums[i], kFloats, gradients + i * kLanes);
    }
  }

 private:
  PackedMatrix& gradients_;
};

/// adam_update(): what is taken from consecutive parameters.
class Adam {
 public:
  explicit Adam(const OptimizerStep<float>& step)
      : alpha_(hn::Set(kFloats, step.alpha)),
        one_minus_beta1_(hn::Set(kFloats, step.one_minus_beta1)),
        one_minus_beta2_(hn::Set(kFloats, step.one_minus_beta2)),
        epsilon_(hn::Set(kFloats, step.epsilon)) {}

  HWY_INLINE Vector operator()(Vector g, float* m, float* v) const {
    const Vector old_m = hn::Load(kFloats, m);
    const Vector old_v = hn::Load(kFloats, v);
    const Vector new_m = hn::MulAdd(hn::Sub(g, old_m), one_minus_beta1_, old_m);
    const Vector new_v = hn::MulAdd(hn::MulSub(g, g, old_v), one_minus_beta2_, old_v);
    hn::Store(new_m, kFloats, m);
    hn::Store(new_v, kFloats, v);
    return hn::Div(hn::Mul(alpha_, new_m), hn::Add(hn::Sqrt(new_v), epsilon_));
  }

 private:
  Vector alpha_;
  Vector one_minus_beta1_;
  Vector one_minus_beta2_;
  Vector epsilon_;
};

/// sgd_update(), likewise.
class Sgd {
 public:
  explicit Sgd(const OptimizerStep<float>& step)
      : rate_(hn::Set(kFloats, step.alpha)),
        momentum_(hn::Set(kFloats, step.momentum)),
        nesterov_(step.rule == UpdateRule::kNesterov) {}

  HWY_INLINE Vector operator()(Vector g, float* velocity, float* /*v*/) const {
    const Vector push = hn::Mul(rate_, g);
    const Vector faster = hn::MulSub(momentum_, hn::Load(kFloats, velocity), push);
    hn::Store(faster, kFloats, velocity);
    return hn::Neg(nesterov_ ? hn::MulSub(momentum_, faster, push) : faster);
  }

 private:
  Vector rate_;
  Vector momentum_;
  bool nesterov_;
};

/// optimizer_update() on consecutive parameters.
template <typename Rule>
class Step {
 public:
  Step(Parameters& parameters, const OptimizerStep<float>& step)
      : parameters_(parameters), rule_(step), decay_(hn::Set(kFloats, step.decay)) {}

  template <std::size_t kCount>
  HWY_INLINE void operator()(std::size_t block, std::size_t row,
                             const std::array<Vector, kCount>& gradients) const {
    float* w = parameters_.values.row(block, row);
    float* m = parameters_.first_moments.row(block, row);
    float* v = parameters_.second_moments.row(block, row);
    for (std::size_t i = 0; i < kCount; ++i, w += kLanes, m += kLanes, v += kLanes) {
      const Vector change = rule_(gradients[i], m, v);
      const Vector old_w = hn::Load(kFloats, w);
      hn::Store(hn::Sub(hn::NegMulAdd(decay_, old_w, old_w), change), kFloats, w);
    }
  }

 private:
  Parameters& parameters_;
  Rule rule_;
  Vector decay_;
};

/// Calls work(apply), where apply(block, row, gradients) does what `update` says.
template <typename Work>
HWY_INLINE void with_update(Parameters& parameters, const Update& update, const Work& work) {
  if (update.gradients != nullptr) {
    work(Store(*update.gradients));
  } else if (update.step.rule == UpdateRule::kAdam) {
    work(Step<Adam>(parameters, update.step));
  } else {
    work(Step<Sgd>(parameters, update.step));
  }
}

}  // namespace qmnist::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
