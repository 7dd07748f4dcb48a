// Matrix products in register tiles. Highway includes it once for each instruction set, so the
// guard is a toggle.
#if defined(QMNIST_HOST_ENGINES_CPU_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QMNIST_HOST_ENGINES_CPU_PRODUCT_INL_H_
#undef QMNIST_HOST_ENGINES_CPU_PRODUCT_INL_H_
#else
#define QMNIST_HOST_ENGINES_CPU_PRODUCT_INL_H_
#endif

#include <algorithm>
#include <array>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "host/engines/cpu/dense_layer.h"
#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

/// Rows of a register tile, and blocks of columns where as many are left: as many sums as the
/// registers hold, and enough of them in flight for each value that is read.
inline constexpr std::size_t kRows = kLanes == 16 ? 8 : kLanes == 8 ? 4 : 2;
inline constexpr std::size_t kTileBlocks = kLanes == 16 ? 2 : 1;

/// Depth of a product that is summed at a time: that part of a tile's columns stays in the L1
/// cache while all rows are processed.
inline constexpr std::size_t kDepth = 16384 / (kTileBlocks * kBlockWidth * sizeof(float));
/// Rows that are processed at a time: their sums stay in the L1 cache, too.
inline constexpr std::size_t kPassingRows = 128;
static_assert(kDepth % kBlockWidth == 0 && kPassingRows % kRows == 0);

template <std::size_t kBlocks>
using Tile = std::array<Vector, kRows * kBlocks * kBlockVectors>;

/// work(0), work(1), ... up to kCount as constants: compilers keep an array in registers where all
/// its indices are.
template <std::size_t kCount, typename Work>
HWY_INLINE void unroll(const Work& work) {
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) HWY_ATTR {
    (work(std::integral_constant<std::size_t, kIndex>()), ...);
  }
  (std::make_index_sequence<kCount>());
}

/// The same row of some adjacent blocks of a narrow matrix.
template <std::size_t kBlocks>
using RowOfBlocks = std::array<const float*, kBlocks>;

template <std::size_t kBlocks>
HWY_INLINE RowOfBlocks<kBlocks> row_of_blocks(const PackedMatrix& matrix, std::size_t block,
                                              std::size_t row) {
  RowOfBlocks<kBlocks> rows;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    rows[i] = matrix.row(block + i, row);
  }
  return rows;
}

template <std::size_t kBlocks>
HWY_INLINE void clear(Tile<kBlocks>& tile) {
  unroll<std::tuple_size_v<Tile<kBlocks>>>([&](auto i) HWY_ATTR { tile[i] = hn::Zero(kFloats); });
}

template <std::size_t kBlocks>
HWY_INLINE void load(const float* sums, Tile<kBlocks>& tile) {
  unroll<std::tuple_size_v<Tile<kBlocks>>>(
      [&](auto i) HWY_ATTR { tile[i] = hn::Load(kFloats, sums + i * kLanes); });
}

template <std::size_t kBlocks>
HWY_INLINE void store(const Tile<kBlocks>& tile, float* sums) {
  unroll<std::tuple_size_v<Tile<kBlocks>>>(
      [&](auto i) HWY_ATTR { hn::Store(tile[i], kFloats, sums + i * kLanes); });
}

/// tile[r] += sum over k < depth of left[k * depth_step + r * kRowStep] * right[k].
/// @param right where each block begins, [depth, kBlockWidth]
template <std::size_t kRowStep, std::size_t kBlocks>
HWY_INLINE void add_product(const float* left, std::size_t depth_step, std::size_t depth,
                            const RowOfBlocks<kBlocks>& right, Tile<kBlocks>& tile) {
  constexpr std::size_t kColumns = kBlocks * kBlockVectors;
  for (std::size_t k = 0; k < depth; ++k, left += depth_step) {
    std::array<Vector, kColumns> columns;
    unroll<kColumns>([&](auto i) HWY_ATTR {
      columns[i] = hn::Load(
          kFloats, right[i / kBlockVectors] + k * kBlockWidth + i % kBlockVectors * kLanes);
    });
    unroll<kRows>([&](auto r) HWY_ATTR {
      const Vector factor = hn::Set(kFloats, left[r * kRowStep]);
      unroll<kColumns>([&](auto i) HWY_ATTR {
        Vector& sum = tile[r * kColumns + i];
        sum = mul_add(factor, columns[i], sum);
      });
    });
  }
}

/// work(pitch) with the pitch of a matrix as a constant.
template <typename Work>
HWY_INLINE void with_pitch(const PackedMatrix& matrix, const Work& work) {
  switch (matrix.panels()) {
    case PackedMatrix::Panels::kNarrow:
      return work(std::integral_constant<std::size_t, kBlockWidth>());
    case PackedMatrix::Panels::kWide:
      return work(std::integral_constant<std::size_t, 4 * kBlockWidth>());
    case PackedMatrix::Panels::kWidest:
      return work(std::integral_constant<std::size_t, 8 * kBlockWidth>());
  }
}

/// sums += the product over some blocks of depth, for kRows rows. Not inlined, so that its pointers
/// stay in registers.
/// @param left where each block of depth begins, [rows, kPitch]
/// @param right where each block of columns has the first of that depth
/// @param is_first whether the sums begin here
/// @param sums [kRows, kBlocks * kBlockWidth]
template <std::size_t kPitch, std::size_t kBlocks>
HWY_NOINLINE void add_to_sums(std::span<const float* const> left, std::size_t row,
                              RowOfBlocks<kBlocks> right, bool is_first, float* sums) {
  Tile<kBlocks> tile;
  if (is_first) {
    clear<kBlocks>(tile);
  } else {
    load<kBlocks>(sums, tile);
  }
  for (const float* block : left) {
    add_product<kPitch, kBlocks>(block + row * kPitch, 1, kBlockWidth, right, tile);
    for (const float*& rows : right) {
      rows += kBlockWidth * kBlockWidth;
    }
  }
  store<kBlocks>(tile, sums);
}

/// Calls work.operator()<n>(first) for kTileBlocks blocks at a time, then for what is left.
template <std::size_t kBlocks = kTileBlocks, typename Work>
HWY_INLINE void for_tile_blocks(Range blocks, const Work& work) {
  for (; blocks.begin + kBlocks <= blocks.end; blocks.begin += kBlocks) {
    work.template operator()<kBlocks>(blocks.begin);
  }
  if constexpr (kBlocks > 1) {
    for_tile_blocks<kBlocks / 2>(blocks, work);
  }
}

/// multiply() for some adjacent blocks and up to kPassingRows rows.
template <std::size_t kBlocks, typename Finish>
HWY_INLINE void multiply_blocks(const PackedMatrix& left, const PackedMatrix& right,
                                std::size_t first_block, Range rows, const Finish& finish) {
  constexpr std::size_t kColumns = kBlocks * kBlockWidth;
  HWY_ALIGN std::array<float, kPassingRows * kColumns> sums;
  for (std::size_t depth = 0; depth < right.rows(); depth += kDepth) {
    std::array<const float*, kDepth / kBlockWidth> blocks;
    const std::size_t count = (std::min(depth + kDepth, right.rows()) - depth) / kBlockWidth;
    for (std::size_t i = 0; i < count; ++i) {
      blocks[i] = left.row(depth / kBlockWidth + i, 0);
    }
    const RowOfBlocks<kBlocks> columns = row_of_blocks<kBlocks>(right, first_block, depth);
    with_pitch(left, [&](auto pitch) HWY_ATTR {
      for (std::size_t row = rows.begin; row < rows.end; row += kRows) {
        add_to_sums<pitch.value, kBlocks>(std::span(blocks).first(count), row, columns, depth == 0,
                                          sums.data() + (row - rows.begin) * kColumns);
      }
    });
  }
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* of_row = sums.data() + (row - rows.begin) * kColumns;
    for (std::size_t i = 0; i < kColumns; i += kLanes) {
      finish(first_block + i / kBlockWidth, row, i % kBlockWidth, hn::Load(kFloats, of_row + i));
    }
  }
}

/// finish(block, row, column, sum) for each vector of left * right.
template <typename Finish>
HWY_INLINE void multiply(const PackedMatrix& left, const PackedMatrix& right, Range tiles,
                         const Finish& finish) {
  const std::size_t end = tiles.end * kTileRows;
  for (std::size_t row = tiles.begin * kTileRows; row < end; row += kPassingRows) {
    const Range rows{row, std::min(row + kPassingRows, end)};
    for_tile_blocks({0, right.blocks()}, [&]<std::size_t kBlocks>(std::size_t block) HWY_ATTR {
      multiply_blocks<kBlocks>(left, right, block, rows, finish);
    });
  }
}

/// sums = left^T * right over some rows, for kRows columns of the left matrix. Not inlined, as
/// above.
/// @param sums [kRows, kBlocks * kBlockWidth]
template <std::size_t kPitch, std::size_t kBlocks>
HWY_NOINLINE void sum_over_rows(const float* left, std::size_t rows, RowOfBlocks<kBlocks> right,
                                float* sums) {
  Tile<kBlocks> tile;
  clear<kBlocks>(tile);
  add_product<1, kBlocks>(left, kPitch, rows, right, tile);
  store<kBlocks>(tile, sums);
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
