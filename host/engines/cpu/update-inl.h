// What to do with a gradient in vector registers: store it or take an optimizer step. Highway
// includes it once for each instruction set, so the guard is a toggle.
#if defined(QMNIST_HOST_ENGINES_CPU_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QMNIST_HOST_ENGINES_CPU_UPDATE_INL_H_
#undef QMNIST_HOST_ENGINES_CPU_UPDATE_INL_H_
#else
#define QMNIST_HOST_ENGINES_CPU_UPDATE_INL_H_
#endif

#include <array>

#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

/// Writes the gradients of consecutive parameters, or adds them to those that are there.
template <bool kAdds>
class StoreGradients {
 public:
  explicit StoreGradients(PackedMatrix& gradients) : gradients_(gradients) {}

  /// @param sums of a row, from `block` on
  template <std::size_t kCount>
  HWY_INLINE void operator()(std::size_t block, std::size_t row,
                             const std::array<Vector, kCount>& sums) const {
    float* gradients = gradients_.row(block, row);
    for (std::size_t i = 0; i < kCount; ++i) {
      float* const place = gradients + i * kLanes;
      hn::Store(kAdds ? hn::Add(hn::Load(kFloats, place), sums[i]) : sums[i], kFloats, place);
    }
  }

 private:
  PackedMatrix& gradients_;
};

/// optimizer_update() on consecutive parameters.
template <OptimizerName kName>
class StepParameters {
 public:
  StepParameters(Parameters& parameters, const qmnist::OptimizerStep<float>& step)
      : values_(parameters.values), step_(HWY_NAMESPACE::convert_step<Vector>(step)) {
    for (std::size_t j = 0; j < kMoments; ++j) {
      moments_[j] = &parameters.moments[j];
    }
  }

  template <std::size_t kCount>
  HWY_INLINE void operator()(std::size_t block, std::size_t row,
                             const std::array<Vector, kCount>& gradients) const {
    float* w = values_.row(block, row);
    std::array<float*, kMoments> m;
    for (std::size_t j = 0; j < kMoments; ++j) {
      m[j] = moments_[j]->row(block, row);
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      Vector weight = hn::Load(kFloats, w + i * kLanes);
      std::array<Vector, kMoments> moments;
      for (std::size_t j = 0; j < kMoments; ++j) {
        moments[j] = hn::Load(kFloats, m[j] + i * kLanes);
      }
      optimizer_update<kName>(step_, gradients[i], weight, moments.data());
      for (std::size_t j = 0; j < kMoments; ++j) {
        hn::Store(moments[j], kFloats, m[j] + i * kLanes);
      }
      hn::Store(weight, kFloats, w + i * kLanes);
    }
  }

 private:
  static constexpr std::size_t kMoments = kMomentCount<kName>;

  PackedMatrix& values_;
  std::array<PackedMatrix*, kMoments> moments_;
  OptimizerStep<Vector> step_;
};

/// Calls work(apply), where apply(block, row, gradients) is the update.
template <typename Work>
HWY_INLINE void with_update(Parameters& parameters, const Update& update, const Work& work) {
  if (update.gradients != nullptr) {
    if (update.adds) {
      work(StoreGradients<true>(*update.gradients));
    } else {
      work(StoreGradients<false>(*update.gradients));
    }
    return;
  }
  with_choice(update.optimizer, [&](auto constant) HWY_ATTR {
    work(StepParameters<constant.value>(parameters, update.step));
  });
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
