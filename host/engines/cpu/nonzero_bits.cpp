#include "host/engines/cpu/nonzero_bits.h"

#include <algorithm>
#include <array>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/nonzero_bits.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

/// @return bit i: values[i] is not zero
HWY_INLINE std::uint64_t nonzero_bits(const float* values) {
  static_assert(std::endian::native == std::endian::little, "a word's first byte is the lowest");
  constexpr std::size_t kVectors = NonzeroBits::kTile / kLanes;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < kVectors; ++i) {
    // Not Ne(), which is false for a NaN on some instruction sets.
    const auto is_zero = hn::Eq(hn::Load(kFloats, values + i * kLanes), hn::Zero(kFloats));
    std::uint64_t bits = 0;
    hn::StoreMaskBits(kFloats, hn::Not(is_zero), reinterpret_cast<std::uint8_t*>(&bits));
    word |= bits << (i * kLanes);
  }
  return word;
}

void find_nonzero(const PackedMatrix& matrix, Range rows, NonzeroBits& bits) {
  constexpr std::size_t kBlocks = NonzeroBits::kTile / kBlockWidth;
  for (std::size_t tile = 0; tile < bits.tiles(); ++tile) {
    std::uint64_t* const of_rows = bits.of_rows(tile);
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      of_rows[row] = nonzero_bits(matrix.row(tile * kBlocks, row));
    }
  }
}

/// Bit j of rows[i] becomes bit i of rows[j]: swaps quarters across the diagonal, then quarters of
/// these, ... as in Warren, Hacker's Delight, 7-3. `mask` has the low kHalf bits of every 2 kHalf.
template <std::size_t kHalf = NonzeroBits::kTile / 2>
void transpose_bits(std::uint64_t* rows, std::uint64_t mask = 0x00000000ffffffff) {
  for (std::size_t first = 0; first < NonzeroBits::kTile; first += 2 * kHalf) {
    for (std::size_t i = first; i < first + kHalf; ++i) {
      const std::uint64_t swap = ((rows[i] >> kHalf) ^ rows[i + kHalf]) & mask;
      rows[i] ^= swap << kHalf;
      rows[i + kHalf] ^= swap;
    }
  }
  if constexpr (kHalf > 1) {
    transpose_bits<kHalf / 2>(rows, mask ^ (mask << (kHalf / 2)));
  }
}

/// The words of some columns of a tile and a group.
void transpose_columns(const std::uint64_t* of_rows, Range columns, std::uint64_t* of_columns) {
  std::array<std::uint64_t, NonzeroBits::kTile> words;
  std::copy_n(of_rows, words.size(), words.begin());
  transpose_bits(words.data());
  std::copy_n(words.data() + columns.begin, columns.size(), of_columns + columns.begin);
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {
namespace {

HWY_EXPORT(find_nonzero);
HWY_EXPORT(transpose_columns);

}  // namespace

void NonzeroBits::find(const PackedMatrix& matrix, Range rows) {
  HWY_DYNAMIC_DISPATCH(find_nonzero)(matrix, rows, *this);
}

void NonzeroBits::transpose(Range columns) {
  for (std::size_t tile = columns.begin / kTile; tile * kTile < columns.end; ++tile) {
    const Range of_tile{std::max(columns.begin, tile * kTile) - tile * kTile,
                        std::min(columns.end - tile * kTile, kTile)};
    for (std::size_t place = tile * groups_; place < (tile + 1) * groups_; ++place) {
      HWY_DYNAMIC_DISPATCH(transpose_columns)
      (of_rows_.data() + place * kTile, of_tile, of_columns_.data() + place * kTile);
    }
  }
}

}  // namespace qmnist::cpu
#endif
