#include "host/engines/cpu/sparse_layer.h"

#include <array>
#include <bit>

#include "kernels/normalize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/sparse_layer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

/// normalize() of each grey level.
inline constexpr auto kNormalized = [] {
  std::array<float, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = normalize<float>(static_cast<std::uint8_t>(i));
  }
  return values;
}();

/// Blocks that are summed at a time: eight sums in flight hide the latency of the additions.
inline constexpr std::size_t kGroup = std::max<std::size_t>(1, 8 / kBlockVectors);

/// Calls work.operator()<n>(first) for groups of n adjacent blocks: kGroup, or half of that, ...
template <std::size_t kCount = kGroup, typename Work>
HWY_INLINE void for_groups(const PackedMatrix& matrix, Range blocks, const Work& work) {
  for (; blocks.begin + kCount <= blocks.end && matrix.adjacent_blocks(blocks.begin) >= kCount;
       blocks.begin += kCount) {
    work.template operator()<kCount>(blocks.begin);
  }
  if constexpr (kCount > 1) {
    for_groups<kCount / 2>(matrix, blocks, work);
  }
}

/// sums += normalize(pixels[i * step]) * (rows + i * pitch) for each bit i of `mask`, in order.
template <std::size_t kCount>
HWY_INLINE void add_rows(std::uint64_t mask, const std::uint8_t* pixels, std::size_t step,
                         const float* rows, std::size_t pitch, std::array<Vector, kCount>& sums) {
  for (; mask != 0; mask &= mask - 1) {
    const auto bit = static_cast<std::size_t>(std::countr_zero(mask));
    const Vector value = hn::Set(kFloats, kNormalized[pixels[bit * step]]);
    const float* row = rows + bit * pitch;
    // Or GCC 12 would add each load's offset to `rows` instead, in more registers than there are.
    asm("" : "+r"(row));
    for (std::size_t i = 0; i < kCount; ++i) {
      sums[i] = mul_add(value, hn::Load(kFloats, row + i * kLanes), sums[i]);
    }
  }
}

void sparse_forward(const SparseBatch& batch, std::size_t rows, const PackedMatrix& weight,
                    const PackedMatrix& bias, bool applies_relu, Range blocks,
                    PackedMatrix& outputs) {
  for_groups(weight, blocks, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    constexpr std::size_t kCount = kBlocks * kBlockVectors;
    for (std::size_t tile = 0; tile < batch.tiles(); ++tile) {
      const bool is_last = applies_relu && tile + 1 == batch.tiles();
      for (std::size_t row = 0; row < rows; ++row) {
        float* z = outputs.row(block, row);
        const float* from = tile == 0 ? bias.row(block, 0) : z;
        std::array<Vector, kCount> sums;
        for (std::size_t i = 0; i < kCount; ++i) {
          sums[i] = hn::Load(kFloats, from + i * kLanes);
        }
        add_rows(batch.of_image(tile, row), batch.pixels(tile) + row * SparseBatch::kTile, 1,
                 weight.row(block, tile * SparseBatch::kTile), weight.pitch(), sums);
        for (std::size_t i = 0; i < kCount; ++i) {
          hn::Store(is_last ? relu(sums[i]) : sums[i], kFloats, z + i * kLanes);
        }
      }
    }
  });
}

/// The groups that have some rows of the batch, and the bits of these rows in the first and the
/// last of them.
struct RowBits {
  explicit RowBits(Range rows)
      : groups{rows.begin / SparseBatch::kTile,
               (rows.end + SparseBatch::kTile - 1) / SparseBatch::kTile},
        in_first(~std::uint64_t{0} << rows.begin % SparseBatch::kTile),
        in_last(~std::uint64_t{0} >>
                (SparseBatch::kTile - rows.end % SparseBatch::kTile) % SparseBatch::kTile) {}

  [[nodiscard]] HWY_INLINE std::uint64_t in(std::size_t group) const {
    return (group == groups.begin ? in_first : ~std::uint64_t{0}) &
           (group + 1 == groups.end ? in_last : ~std::uint64_t{0});
  }

  Range groups;
  std::uint64_t in_first;
  std::uint64_t in_last;
};

/// apply(block, pixel, gradients of the pixel's weights from that block on) for all pixels.
template <typename Apply>
HWY_INLINE void update_rows(const SparseBatch& batch, const PackedMatrix& deltas, Range rows,
                            std::span<const std::uint8_t> was_nonzero, Range blocks,
                            const Apply& apply) {
  const RowBits bits(rows);
  for_groups(deltas, blocks, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    for (std::size_t pixel = 0; pixel < was_nonzero.size(); ++pixel) {
      if (was_nonzero[pixel] == 0) {
        continue;
      }
      std::array<Vector, kBlocks * kBlockVectors> sums;
      for (Vector& sum : sums) {
        sum = hn::Zero(kFloats);
      }
      const std::size_t tile = pixel / SparseBatch::kTile;
      const std::size_t within = pixel % SparseBatch::kTile;
      for (std::size_t group = bits.groups.begin; group < bits.groups.end; ++group) {
        const std::size_t first = group * SparseBatch::kTile;
        add_rows(batch.of_pixel(tile, group, within) & bits.in(group),
                 batch.pixels(tile) + first * SparseBatch::kTile + within, SparseBatch::kTile,
                 deltas.row(block, first), deltas.pitch(), sums);
      }
      apply(block, pixel, sums);
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
