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

/// Calls work.operator()<n>(first) for groups of n blocks that are adjacent in both matrices:
/// kGroup, or half of that, ...
template <std::size_t kCount = kGroup, typename Work>
HWY_INLINE void for_groups(const PackedMatrix& a, const PackedMatrix& b, Range blocks,
                           const Work& work) {
  const auto adjacent = [&] {
    return std::min(a.adjacent_blocks(blocks.begin), b.adjacent_blocks(blocks.begin));
  };
  for (; blocks.begin + kCount <= blocks.end && adjacent() >= kCount; blocks.begin += kCount) {
    work.template operator()<kCount>(blocks.begin);
  }
  if constexpr (kCount > 1) {
    for_groups<kCount / 2>(a, b, blocks, work);
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

/// Rows of matrices that lie `pitch` floats apart.
template <typename Float>
struct Rows {
  Float* first;
  std::size_t pitch;
};

/// Adds a tile's part to the sums of some columns for all images, which begin as `from`. On its
/// own, so that its pointers stay in registers.
template <std::size_t kCount>
HWY_NOINLINE void forward_tile(const std::uint64_t* of_images, const std::uint8_t* pixels,
                               std::size_t images, Rows<const float> weights,
                               Rows<const float> from, bool applies_relu, Rows<float> z) {
  for (std::size_t image = 0; image < images; ++image) {
    std::array<Vector, kCount> sums;
    for (std::size_t i = 0; i < kCount; ++i) {
      sums[i] = hn::Load(kFloats, from.first + i * kLanes);
    }
    add_rows(of_images[image], pixels, 1, weights.first, weights.pitch, sums);
    if (applies_relu) {
      for (Vector& sum : sums) {
        sum = relu(sum);
      }
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      hn::Store(sums[i], kFloats, z.first + i * kLanes);
    }
    pixels += SparseBatch::kTile;
    from.first += from.pitch;
    z.first += z.pitch;
  }
}

void sparse_forward(const SparseBatch& batch, std::size_t rows, const PackedMatrix& weight,
                    const PackedMatrix& bias, bool applies_relu, Range blocks,
                    PackedMatrix& outputs) {
  for_groups(weight, outputs, blocks, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    const Rows<float> z{outputs.row(block, 0), outputs.pitch()};
    for (std::size_t tile = 0; tile < batch.tiles(); ++tile) {
      forward_tile<kBlocks * kBlockVectors>(
          batch.of_images(tile), batch.pixels(tile), rows,
          {weight.row(block, tile * SparseBatch::kTile), weight.pitch()},
          tile == 0 ? Rows<const float>{bias.row(block, 0), 0}
                    : Rows<const float>{z.first, z.pitch},
          applies_relu && tile + 1 == batch.tiles(), z);
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

/// update(pixel, gradients of the pixel's weights) for those pixels of a tile that were nonzero.
/// Not inlined, so that its pointers stay in registers.
/// @param was_nonzero of the tile's pixels
/// @param deltas of the batch
template <std::size_t kCount, typename UpdateRow>
HWY_NOINLINE void update_tile(const SparseBatch& batch, std::size_t tile, RowBits bits,
                              std::span<const std::uint8_t> was_nonzero, Rows<const float> deltas,
                              UpdateRow update) {
  constexpr std::size_t kTile = SparseBatch::kTile;
  const std::uint64_t* of_pixels = batch.of_pixels(tile, 0);
  const std::uint8_t* pixels = batch.pixels(tile);
  for (std::size_t pixel = 0; pixel < was_nonzero.size(); ++pixel) {
    if (was_nonzero[pixel] == 0) {
      continue;
    }
    std::array<Vector, kCount> sums;
    for (Vector& sum : sums) {
      sum = hn::Zero(kFloats);
    }
    for (std::size_t group = bits.groups.begin; group < bits.groups.end; ++group) {
      const std::size_t first = group * kTile;
      add_rows(of_pixels[first + pixel] & bits.in(group), pixels + first * kTile + pixel, kTile,
               deltas.first + first * deltas.pitch, deltas.pitch, sums);
    }
    update(tile * kTile + pixel, sums);
  }
}

/// apply.of_block(block)(pixel, gradients of the pixel's weights from that block on) for all
/// pixels.
template <typename Apply>
HWY_INLINE void update_rows(const SparseBatch& batch, const PackedMatrix& deltas, Range rows,
                            std::span<const std::uint8_t> was_nonzero, Range blocks,
                            const Apply& apply) {
  const RowBits bits(rows);
  for_groups(deltas, deltas, blocks, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
    const auto of_block = apply.of_block(block);
    for (std::size_t tile = 0; tile < batch.tiles(); ++tile) {
      const std::size_t first = tile * SparseBatch::kTile;
      update_tile<kBlocks * kBlockVectors>(
          batch, tile, bits,
          was_nonzero.subspan(first, std::min(SparseBatch::kTile, was_nonzero.size() - first)),
          {deltas.row(block, 0), deltas.pitch()}, of_block);
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
