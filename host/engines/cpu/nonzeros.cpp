#include "host/engines/cpu/nonzeros.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/nonzeros.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Bit i of the result: tile[i] is not zero.
std::uint64_t NonzeroPixels(const std::uint8_t* tile) {
  static_assert(std::endian::native == std::endian::little, "a word's first byte is the lowest");
  constexpr hn::CappedTag<std::uint8_t, Nonzeros::kTile> kBytes;
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < Nonzeros::kTile; i += hn::Lanes(kBytes)) {
    const auto nonzero = hn::Ne(hn::LoadU(kBytes, tile + i), hn::Zero(kBytes));
    std::uint64_t bits = 0;
    hn::StoreMaskBits(kBytes, nonzero, reinterpret_cast<std::uint8_t*>(&bits));
    mask |= bits << i;
  }
  return mask;
}

}  // namespace qmnist::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist {
namespace {

HWY_EXPORT(NonzeroPixels);

/// Bit j of rows[i] becomes bit i of rows[j]: swaps halves, then quarters, ... as in Warren,
/// Hacker's Delight, 7-3.
void transpose_bits(std::uint64_t* rows) {
  std::uint64_t mask = 0x00000000ffffffff;
  for (std::size_t half = Nonzeros::kTile / 2; half != 0; half /= 2, mask ^= mask << half) {
    for (std::size_t i = 0; i < Nonzeros::kTile; i = (i + half + 1) & ~half) {
      const std::uint64_t swap = ((rows[i] >> half) ^ rows[i + half]) & mask;
      rows[i] ^= swap << half;
      rows[i + half] ^= swap;
    }
  }
}

}  // namespace

Nonzeros::Nonzeros(std::size_t inputs, std::size_t rows)
    : inputs_(inputs),
      groups_((rows + kTile - 1) / kTile),
      tiles_((inputs + kTile - 1) / kTile),
      pixels_(tiles_ * groups_ * kTile * kTile),
      of_image_(tiles_ * groups_ * kTile),
      of_pixel_(tiles_ * groups_ * kTile) {}

void Nonzeros::take(const DataView& data, std::span<const std::uint32_t> batch,
                    std::span<const std::uint32_t> next, Range tiles) {
  auto& nonzero_pixels = HWY_DYNAMIC_DISPATCH(NonzeroPixels);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const std::uint8_t* image = data.image(batch[row]).data();
    for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
      const std::size_t first = tile * kTile;
      const std::size_t place = place_of(tile, 0) + row;
      std::uint8_t* pixels = pixels_.data() + place * kTile;
      if (first + kTile <= inputs_) {
        std::copy_n(image + first, kTile, pixels);  // a length that the compiler knows
      } else {
        std::copy_n(image + first, inputs_ - first, pixels);
      }
      of_image_[place] = nonzero_pixels(pixels);
      if (row < next.size()) {
        hwy::Prefetch(data.image(next[row]).data() + first);
      }
    }
  }
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
    std::fill(of_image_.data() + place_of(tile, 0) + batch.size(),
              of_image_.data() + place_of(tile, groups_), 0U);
    for (std::size_t group = 0; group < groups_; ++group) {
      std::uint64_t* of_pixel = of_pixel_.data() + place_of(tile, group);
      std::copy_n(of_image_.data() + place_of(tile, group), kTile, of_pixel);
      transpose_bits(of_pixel);
    }
  }
}

}  // namespace qmnist
#endif
