#pragma once

#include <hwy/cache_control.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace qmnist::cpu {

/// Brings an image, or a part of one, into the cache. Images lie anywhere in memory, so the CPU
/// does not foresee which one is read next.
inline void prefetch(std::span<const std::uint8_t> pixels) {
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t i = 0; i < pixels.size(); i += kCacheLine) {
    hwy::Prefetch(pixels.data() + i);
  }
}

}  // namespace qmnist::cpu
