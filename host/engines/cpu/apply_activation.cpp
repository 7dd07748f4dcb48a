#include "host/engines/cpu/apply_activation.h"

#include <array>

namespace qmnist::cpu {
namespace {

static_assert(kBlockWidth % kDropoutGroup == 0);

/// Dropout factors of the units of a block.
std::array<float, kBlockWidth> block_factors(const ActivationParams& units, const RowRandom& random,
                                             std::size_t block) {
  constexpr std::size_t kGroups = kBlockWidth / kDropoutGroup;
  std::array<float, kBlockWidth> factors;
  for (std::size_t group = 0; group < kGroups; ++group) {
    dropout_factors(units.dropout, random, units.layer, block * kGroups + group,
                    factors.data() + group * kDropoutGroup);
  }
  return factors;
}

}  // namespace

void apply_activation(const ActivationParams& units, const RowRandom* random, Range rows,
                      Range blocks, PackedMatrix& outputs, PackedMatrix& derivatives) {
  const bool drops = random != nullptr && units.dropout.active();
  std::array<float, kBlockWidth> factors;
  factors.fill(1);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
      if (drops) {
        RowRandom of_row = *random;
        of_row.row = static_cast<std::uint32_t>(row);
        factors = block_factors(units, of_row, block);
      }
      float* z = outputs.row(block, row);
      float* derivative = derivatives.row(block, row);
      for (std::size_t i = 0; i < kBlockWidth; ++i) {
        derivative[i] = activation_derivative(units.activation, z[i]) * factors[i];
        z[i] = activate(units.activation, z[i]) * factors[i];
      }
    }
  }
}

}  // namespace qmnist::cpu
