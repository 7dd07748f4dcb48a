#include "host/engines/cpu/sparse_batch.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/sparse_batch.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Bit i of `mask`: tile[i] is not zero.
void mark_nonzero(const std::uint8_t* tile, std::uint64_t& mask) {
  static_assert(std::endian::native == std::endian::little, "a word's first byte is the lowest");
  constexpr hn::CappedTag<std::uint8_t, SparseBatch::kTile> kBytes;
  if constexpr (hn::MaxLanes(kBytes) < 8) {  // less than a byte of bits
    mask = 0;
    for (std::size_t i = 0; i < SparseBatch::kTile; ++i) {
      mask |= std::uint64_t{tile[i] != 0} << i;
    }
  } else {
    auto* bits = reinterpret_cast<std::uint8_t*>(&mask);
    for (std::size_t i = 0; i < SparseBatch::kTile; i += hn::MaxLanes(kBytes)) {
      const auto nonzero = hn::Ne(hn::LoadU(kBytes, tile + i), hn::Zero(kBytes));
      hn::StoreMaskBits(kBytes, nonzero, bits + i / 8);
    }
  }
}

/// Bit j of rows[i] becomes bit i of rows[j]: swaps quarters across the diagonal, then quarters of
/// these, ... as in Warren, Hacker's Delight, 7-3. `mask` has the low kHalf bits of every 2 kHalf.
template <std::size_t kHalf = SparseBatch::kTile / 2>
void transpose_bits(std::uint64_t* rows, std::uint64_t mask = 0x00000000ffffffff) {
  for (std::size_t first = 0; first < SparseBatch::kTile; first += 2 * kHalf) {
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

void transpose_bits_of(const std::uint64_t* rows, std::uint64_t* transposed) {
  std::copy_n(rows, SparseBatch::kTile, transposed);
  transpose_bits(transposed);
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {
namespace {

HWY_EXPORT(mark_nonzero);
HWY_EXPORT(transpose_bits_of);

}  // namespace

SparseBatch::SparseBatch(std::size_t inputs, std::size_t rows)
    : inputs_(inputs),
      groups_(tiles_for(rows)),
      tiles_(tiles_for(inputs)),
      pixels_(tiles_ * groups_ * kTile * kTile),
      of_image_(tiles_ * groups_ * kTile),
      of_pixel_(tiles_ * groups_ * kTile) {}

void SparseBatch::load(const DataView& data, std::span<const std::uint32_t> batch,
                       std::span<const std::uint32_t> next, Range tiles) {
  auto& mark_nonzero = HWY_DYNAMIC_DISPATCH(mark_nonzero);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const std::uint8_t* image = data.image(batch[row]).data();
    for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
      const std::size_t first = tile * kTile;
      const std::size_t place = place_of(tile, 0) + row;
      std::uint8_t* pixels = pixels_.data() + place * kTile;
      if (first + kTile <= inputs_) {
        std::copy_n(image + first, kTile, pixels);  // a length that the compiler knows
        mark_nonzero(image + first, of_image_[place]);
      } else {
        std::copy_n(image + first, inputs_ - first, pixels);
        mark_nonzero(pixels, of_image_[place]);
      }
      if (row < next.size()) {
        hwy::Prefetch(data.image(next[row]).data() + first);
      }
    }
  }
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
    std::fill(of_image_.data() + place_of(tile, 0) + batch.size(),
              of_image_.data() + place_of(tile, groups_), 0U);
    for (std::size_t group = 0; group < groups_; ++group) {
      const std::size_t place = place_of(tile, group);
      HWY_DYNAMIC_DISPATCH(transpose_bits_of)(of_image_.data() + place, of_pixel_.data() + place);
    }
  }
}

}  // namespace qmnist::cpu
#endif
