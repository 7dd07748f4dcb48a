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

  class OfBlock {
   public:
    OfBlock(PackedMatrix& gradients, std::size_t block)
        : gradients_(gradients.row(block, 0)), pitch_(gradients.pitch()) {}

    /// @param sums of a row, from the block on
    template <std::size_t kCount>
    HWY_INLINE void operator()(std::size_t row, const std::array<Vector, kCount>& sums) const {
      for (std::size_t i = 0; i < kCount; ++i) {
        float* const place = gradients_ + row * pitch_ + i * kLanes;
        hn::Store(kAdds ? hn::Add(hn::Load(kFloats, place), sums[i]) : sums[i], kFloats, place);
      }
    }

   private:
    float* gradients_;
    std::size_t pitch_;
  };
  [[nodiscard]] OfBlock of_block(std::size_t block) const { return {gradients_, block}; }

 private:
  PackedMatrix& gradients_;
};

/// optimizer_update() on consecutive parameters.
template <OptimizerName kName>
class StepParameters {
 public:
  StepParameters(Parameters& parameters, const qmnist::OptimizerStep<float>& step)
      : parameters_(parameters), step_(HWY_NAMESPACE::convert_step<Vector>(step)) {}

  class OfBlock {
   public:
    OfBlock(Parameters& parameters, const OptimizerStep<Vector>& step, std::size_t block)
        : values_(parameters.values.row(block, 0)), pitch_(parameters.values.pitch()), step_(step) {
      for (std::size_t j = 0; j < kMoments; ++j) {
        moments_[j] = parameters.moments[j].row(block, 0);
      }
    }

    template <std::size_t kCount>
    HWY_INLINE void operator()(std::size_t row, const std::array<Vector, kCount>& gradients) const {
      for (std::size_t i = 0; i < kCount; ++i) {
        const std::size_t place = row * pitch_ + i * kLanes;
        Vector weight = hn::Load(kFloats, values_ + place);
        std::array<Vector, kMoments> moments;
        for (std::size_t j = 0; j < kMoments; ++j) {
          moments[j] = hn::Load(kFloats, moments_[j] + place);
        }
        optimizer_update<kName>(step_, gradients[i], weight, moments.data());
        for (std::size_t j = 0; j < kMoments; ++j) {
          hn::Store(moments[j], kFloats, moments_[j] + place);
        }
        hn::Store(weight, kFloats, values_ + place);
      }
    }

   private:
    static constexpr std::size_t kMoments = kMomentCount<kName>;

    float* values_;
    std::array<float*, kMoments> moments_;
    std::size_t pitch_;
    OptimizerStep<Vector> step_;
  };
  [[nodiscard]] HWY_INLINE OfBlock of_block(std::size_t block) const {
    return {parameters_, step_, block};
  }

 private:
  Parameters& parameters_;
  OptimizerStep<Vector> step_;
};

/// Calls work(apply), where apply.of_block(block)(row, gradients) is the update.
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
