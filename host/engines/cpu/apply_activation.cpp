#include "host/engines/cpu/apply_activation.h"

#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/apply_activation.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

static_assert(kBlockWidth % kDropoutGroup == 0);

using BlockFactors = std::array<float, kBlockWidth>;

/// Dropout factors of the units of a block.
void set_block_factors(const ActivationParams& units, const RowRandom& random, std::size_t block,
                       BlockFactors& factors) {
  constexpr std::size_t kGroups = kBlockWidth / kDropoutGroup;
  for (std::size_t group = 0; group < kGroups; ++group) {
    dropout_factors(units.dropout, random, units.layer, block * kGroups + group,
                    factors.data() + group * kDropoutGroup);
  }
}

void apply_activation(const ActivationParams& units, const RowRandom* random, Range rows,
                      Range blocks, PackedMatrix& outputs, PackedMatrix& derivatives) {
  const bool drops = random != nullptr && units.dropout.active();
  HWY_ALIGN BlockFactors factors;
  factors.fill(1);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
      if (drops) {
        RowRandom of_row = *random;
        of_row.row += static_cast<std::uint32_t>(row);
        set_block_factors(units, of_row, block, factors);
      }
      float* z = outputs.row(block, row);
      float* derivative = derivatives.row(block, row);
      for (std::size_t i = 0; i < kBlockWidth; i += kLanes) {
        const Vector values = hn::Load(kFloats, z + i);
        const Vector factor = hn::Load(kFloats, factors.data() + i);
        hn::Store(hn::Mul(HWY_NAMESPACE::activation_derivative(units.activation, values), factor),
                  kFloats, derivative + i);
        hn::Store(hn::Mul(HWY_NAMESPACE::activate(units.activation, values), factor), kFloats,
                  z + i);
      }
    }
  }
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(apply_activation);

void apply_activation(const ActivationParams& units, const RowRandom* random, Range rows,
                      Range blocks, PackedMatrix& outputs, PackedMatrix& derivatives) {
  HWY_DYNAMIC_DISPATCH(apply_activation)(units, random, rows, blocks, outputs, derivatives);
}

}  // namespace qmnist::cpu
#endif
