#include "host/engines/cpu/sparse_layer.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/sparse_layer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/sparse-inl.h"
#include "host/engines/cpu/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

void sparse_forward(const SparseBatch& batch, std::size_t rows, const PackedMatrix& weight,
                    const PackedMatrix& bias, bool applies_relu, Range blocks,
                    PackedMatrix& outputs) {
  constexpr std::size_t kTile = SparseBatch::kTile;
  for_groups(weight, outputs, blocks, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    const Rows<float> z{outputs.row(block, 0), outputs.pitch()};
    for (std::size_t tile = 0; tile < batch.tiles(); ++tile) {
      add_tile<kBlocks * kBlockVectors, std::uint8_t>(
          batch.nonzero().of_rows(tile), rows, {batch.pixels(tile), kTile},
          {weight.row(block, tile * kTile), weight.pitch()},
          tile == 0 ? Rows<const float>{bias.row(block, 0), 0}
                    : Rows<const float>{z.first, z.pitch},
          applies_relu && tile + 1 == batch.tiles(), z);
    }
  });
}

/// apply.of_block(block)(pixel, gradients of the pixel's weights from that block on) for all
/// pixels.
template <typename Apply>
HWY_INLINE void update_rows(const SparseBatch& batch, const PackedMatrix& deltas, Range rows,
                            std::span<const std::uint8_t> was_nonzero, Range blocks,
                            const Apply& apply) {
  constexpr std::size_t kTile = SparseBatch::kTile;
  const RowBits bits(rows);
  for_groups(deltas, deltas, blocks, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    const auto of_block = apply.of_block(block);
    for (std::size_t tile = 0; tile < batch.tiles(); ++tile) {
      const std::size_t first = tile * kTile;
      update_tile<kBlocks * kBlockVectors, std::uint8_t>(
          batch.nonzero().of_columns(tile), bits, {batch.pixels(tile), kTile},
          was_nonzero.subspan(first, std::min(kTile, was_nonzero.size() - first)),
          {deltas.row(block, 0), deltas.pitch()}, first, of_block);
    }
  });
}

void sparse_update(const SparseBatch& batch, const PackedMatrix& deltas, Range rows,
                   std::span<const std::uint8_t> was_nonzero, Range blocks, const Update& update,
                   Parameters& weight) {
  with_update(weight, update, [&](const auto& apply) HWY_ATTR {
    update_rows(batch, deltas, rows, was_nonzero, blocks, apply);
  });
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(sparse_forward);
HWY_EXPORT(sparse_update);

void sparse_forward(const SparseBatch& batch, std::size_t rows, const PackedMatrix& weight,
                    const PackedMatrix& bias, bool applies_relu, Range blocks,
                    PackedMatrix& outputs) {
  HWY_DYNAMIC_DISPATCH(sparse_forward)(batch, rows, weight, bias, applies_relu, blocks, outputs);
}

void sparse_update(const SparseBatch& batch, const PackedMatrix& deltas, Range rows,
                   std::span<const std::uint8_t> was_nonzero, Range blocks, const Update& update,
                   Parameters& weight) {
  HWY_DYNAMIC_DISPATCH(sparse_update)(batch, deltas, rows, was_nonzero, blocks, update, weight);
}

}  // namespace qmnist::cpu
#endif
