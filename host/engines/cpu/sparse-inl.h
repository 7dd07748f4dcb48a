// Products that leave out zeros of the left operand. Highway includes it once for each instruction
// set, so the guard is a toggle.
#if defined(QMNIST_HOST_ENGINES_CPU_SPARSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QMNIST_HOST_ENGINES_CPU_SPARSE_INL_H_
#undef QMNIST_HOST_ENGINES_CPU_SPARSE_INL_H_
#else
#define QMNIST_HOST_ENGINES_CPU_SPARSE_INL_H_
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "host/engines/cpu/nonzero_bits.h"
#include "host/engines/cpu/vector-inl.h"
#include "kernels/normalize.h"

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

/// The value of a pixel or of a unit, in all lanes.
HWY_INLINE Vector to_all_lanes(std::uint8_t level) {
  return hn::Set(kFloats, kNormalized[level]);
}
HWY_INLINE Vector to_all_lanes(float activation) {
  return hn::Set(kFloats, activation);
}

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

/// Rows of matrices that lie `pitch` elements apart.
template <typename Element>
struct Rows {
  Element* first;
  std::size_t pitch;
};

/// sums += values[i * step] * (rows + i * pitch) for each bit i of `mask`, in order.
template <std::size_t kCount, typename Value>
HWY_INLINE void add_rows(std::uint64_t mask, const Value* values, std::size_t step,
                         const float* rows, std::size_t pitch, std::array<Vector, kCount>& sums) {
  for (; mask != 0; mask &= mask - 1) {
    const auto bit = static_cast<std::size_t>(std::countr_zero(mask));
    const Vector value = to_all_lanes(values[bit * step]);
    const float* row = rows + bit * pitch;
    // Or GCC 12 would add each load's offset to `rows` instead, in more registers than there are.
    asm("" : "+r"(row));
    for (std::size_t i = 0; i < kCount; ++i) {
      sums[i] = mul_add(value, hn::Load(kFloats, row + i * kLanes), sums[i]);
    }
  }
}

/// Adds a tile's part to the sums of some columns for all rows of the left operand, which begin as
/// `from`. On its own, so that its pointers stay in registers.
/// @param of_rows the tile's bits of these rows
template <std::size_t kCount, typename Value>
HWY_NOINLINE void add_tile(const std::uint64_t* of_rows, std::size_t rows, Rows<const Value> left,
                           Rows<const float> right, Rows<const float> from, bool applies_relu,
                           Rows<float> to) {
  for (std::size_t row = 0; row < rows; ++row) {
    std::array<Vector, kCount> sums;
    for (std::size_t i = 0; i < kCount; ++i) {
      sums[i] = hn::Load(kFloats, from.first + i * kLanes);
    }
    add_rows(of_rows[row], left.first, 1, right.first, right.pitch, sums);
    if (applies_relu) {
      for (Vector& sum : sums) {
        sum = relu(sum);
      }
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      hn::Store(sums[i], kFloats, to.first + i * kLanes);
    }
    left.first += left.pitch;
    from.first += from.pitch;
    to.first += to.pitch;
  }
}

/// Rows whose sums are kept at a time.
inline constexpr std::size_t kSummedRows = 128;

/// finish(block, row, column, sum) for each vector of left * right, for some rows.
/// @param left in panels of at least a tile; bits of its rows
template <typename Finish>
HWY_INLINE void multiply_nonzero(const PackedMatrix& left, const NonzeroBits& bits,
                                 const PackedMatrix& right, Range rows, const Finish& finish) {
  constexpr std::size_t kTile = NonzeroBits::kTile;
  HWY_ALIGN static constexpr std::array<float, kGroup * kBlockWidth> kZeros{};
  HWY_ALIGN std::array<float, kSummedRows * kZeros.size()> sums;
  for (; rows.begin < rows.end; rows.begin += kSummedRows) {
    const std::size_t count = std::min(kSummedRows, rows.size());
    for_groups(right, right, {0, right.blocks()},
               [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
                 constexpr std::size_t kColumns = kBlocks * kBlockWidth;
                 for (std::size_t tile = 0; tile < bits.tiles(); ++tile) {
                   add_tile<kColumns / kLanes, float>(
                       bits.of_rows(tile) + rows.begin, count,
                       {left.row(tile * kTile / kBlockWidth, rows.begin), left.pitch()},
                       {right.row(block, tile * kTile), right.pitch()},
                       tile == 0 ? Rows<const float>{kZeros.data(), 0}
                                 : Rows<const float>{sums.data(), kColumns},
                       false, {sums.data(), kColumns});
                 }
                 for (std::size_t row = 0; row < count; ++row) {
                   for (std::size_t i = 0; i < kColumns; i += kLanes) {
                     finish(block + i / kBlockWidth, rows.begin + row, i % kBlockWidth,
                            hn::Load(kFloats, sums.data() + row * kColumns + i));
                   }
                 }
               });
  }
}

/// The groups that have some rows of a batch, at least one, and the bits of these rows in the first
/// and the last of them.
struct RowBits {
  explicit RowBits(Range rows) {
    if (rows.size() > 0) {
      constexpr std::size_t kTile = NonzeroBits::kTile;
      groups = {rows.begin / kTile, NonzeroBits::tiles_for(rows.end)};
      in_first = ~std::uint64_t{0} << rows.begin % kTile;
      in_last = ~std::uint64_t{0} >> (kTile - rows.end % kTile) % kTile;
    }
  }

  [[nodiscard]] HWY_INLINE std::uint64_t in(std::size_t group) const {
    return (group == groups.begin ? in_first : ~std::uint64_t{0}) &
           (group + 1 == groups.end ? in_last : ~std::uint64_t{0});
  }

  Range groups{0, 1};
  std::uint64_t in_first = 0;
  std::uint64_t in_last = 0;
};

/// Columns whose sums over a group of rows are kept, while the group's deltas are in the L1 cache.
inline constexpr std::size_t kSummedColumns = 16;

/// update(first + column, gradients of its weights) for those columns of a tile whose weights are
/// `used`. Not inlined, so that its pointers stay in registers.
/// @param of_columns the tile's bits
/// @param used of the tile's columns
template <std::size_t kCount, typename Value, typename UpdateRow>
HWY_NOINLINE void update_tile(const std::uint64_t* of_columns, RowBits bits, Rows<const Value> left,
                              std::span<const std::uint8_t> used, Rows<const float> deltas,
                              std::size_t first_column, UpdateRow update) {
  constexpr std::size_t kTile = NonzeroBits::kTile;
  HWY_ALIGN std::array<float, kSummedColumns * kCount * kLanes> kept;
  for (std::size_t begin = 0; begin < used.size(); begin += kSummedColumns) {
    const std::size_t end = std::min(begin + kSummedColumns, used.size());
    for (std::size_t group = bits.groups.begin; group < bits.groups.end; ++group) {
      const std::size_t first = group * kTile;
      float* of_column = kept.data();
      for (std::size_t column = begin; column < end; ++column, of_column += kCount * kLanes) {
        if (used[column] == 0) {
          continue;
        }
        std::array<Vector, kCount> sums;
        for (std::size_t i = 0; i < kCount; ++i) {
          sums[i] = group == bits.groups.begin ? hn::Zero(kFloats)
                                               : hn::Load(kFloats, of_column + i * kLanes);
        }
        add_rows(of_columns[first + column] & bits.in(group),
                 left.first + first * left.pitch + column, left.pitch,
                 deltas.first + first * deltas.pitch, deltas.pitch, sums);
        if (group + 1 == bits.groups.end) {
          update(first_column + column, sums);
          continue;
        }
        for (std::size_t i = 0; i < kCount; ++i) {
          hn::Store(sums[i], kFloats, of_column + i * kLanes);
        }
      }
    }
  }
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
