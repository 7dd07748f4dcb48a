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

constexpr hn::CappedTag<std::uint8_t, SparseBatch::kTile> kBytes;

/// Copies a tile of an image. @return bit i: from[i] is not zero
HWY_INLINE std::uint64_t copy_tile(const std::uint8_t* from, std::uint8_t* to) {
  static_assert(std::endian::native == std::endian::little, "a word's first byte is the lowest");
  std::uint64_t mask = 0;
  if constexpr (hn::MaxLanes(kBytes) < 8) {  // less than a byte of bits
    for (std::size_t i = 0; i < SparseBatch::kTile; ++i) {
      to[i] = from[i];
      mask |= std::uint64_t{from[i] != 0} << i;
    }
  } else {
    auto* bits = reinterpret_cast<std::uint8_t*>(&mask);
    for (std::size_t i = 0; i < SparseBatch::kTile; i += hn::MaxLanes(kBytes)) {
      const auto bytes = hn::LoadU(kBytes, from + i);
      hn::StoreU(bytes, kBytes, to + i);
      hn::StoreMaskBits(kBytes, hn::Ne(bytes, hn::Zero(kBytes)), bits + i / 8);
    }
  }
  return mask;
}

/// Copies some tiles of an image of `inputs` pixels to where a batch has them, `step` images apart.
void copy_tiles(const std::uint8_t* image, std::size_t inputs, Range tiles, std::size_t step,
                std::uint8_t* pixels, std::uint64_t* masks) {
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
    const std::size_t first = tile * SparseBatch::kTile;
    std::uint8_t* to = pixels + tile * step * SparseBatch::kTile;
    const std::uint8_t* from = image + first;
    if (first + SparseBatch::kTile > inputs) {
      std::copy_n(from, inputs - first, to);
      from = to;
    }
    masks[tile * step] = copy_tile(from, to);
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

HWY_EXPORT(copy_tiles);
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
  auto& copy_tiles = HWY_DYNAMIC_DISPATCH(copy_tiles);
  const std::size_t step = groups_ * kTile;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    copy_tiles(data.image(batch[row]).data(), inputs_, tiles, step, pixels_.data() + row * kTile,
               of_image_.data() + row);
    if (row < next.size()) {
      const std::uint8_t* image = data.image(next[row]).data();
      for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
        hwy::Prefetch(image + tile * kTile);
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
