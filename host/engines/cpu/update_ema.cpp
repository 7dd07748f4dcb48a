#include "host/engines/cpu/layers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/update_ema.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

void update_ema_blocks(const qmnist::OptimizerStep<float>& step, Range blocks,
                       Parameters& parameters) {
  const auto scalars = HWY_NAMESPACE::convert_step<Vector>(step);
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    for (std::size_t row = 0; row < parameters.values.rows(); ++row) {
      const float* values = parameters.values.row(block, row);
      float* ema = parameters.ema.row(block, row);
      for (std::size_t i = 0; i < kBlockWidth; i += kLanes) {
        Vector average = hn::Load(kFloats, ema + i);
        ema_update(scalars, hn::Load(kFloats, values + i), average);
        hn::Store(average, kFloats, ema + i);
      }
    }
  }
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(update_ema_blocks);

void update_ema_blocks(const OptimizerStep<float>& step, Range blocks, Parameters& parameters) {
  HWY_DYNAMIC_DISPATCH(update_ema_blocks)(step, blocks, parameters);
}

}  // namespace qmnist::cpu
#endif
