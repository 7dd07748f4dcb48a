#include "host/engines/cpu/sparse_batch.h"

#include <algorithm>
#include <bit>

#include "host/engines/cpu/prefetch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/sparse_batch.cpp"
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

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {
namespace {

HWY_EXPORT(copy_tiles);

}  // namespace

SparseBatch::SparseBatch(std::size_t inputs, std::size_t rows)
    : inputs_(inputs), nonzero_(rows, inputs), pixels_(pixels_for(inputs, rows)) {}

void SparseBatch::load(const DataView& data, std::span<const std::uint32_t> batch,
                       std::span<const std::uint32_t> next, Range tiles) {
  auto& copy_tiles = HWY_DYNAMIC_DISPATCH(copy_tiles);
  const Range pixels{std::min(tiles.begin * kTile, inputs_), std::min(tiles.end * kTile, inputs_)};
  for (std::size_t row = 0; row < batch.size(); ++row) {
    copy_tiles(data.image(batch[row]).data(), inputs_, tiles, rows(), pixels_.data() + row * kTile,
               nonzero_.of_rows(0) + row);
    if (row < next.size()) {
      prefetch(data.image(next[row]).subspan(pixels.begin, pixels.size()));
    }
  }
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
    std::fill(nonzero_.of_rows(tile) + batch.size(), nonzero_.of_rows(tile) + rows(), 0U);
  }
  nonzero_.transpose({tiles.begin * kTile, tiles.end * kTile});
}

}  // namespace qmnist::cpu
#endif
