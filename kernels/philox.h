#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace qmnist {

/// Four random words.
struct RandomWords {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  std::uint32_t words[4];
};

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2,
/// 3"): a block cipher of the counter. Any number of the sequence can be had by itself, so what is
/// random does not depend on the device, the number of threads or where a run was resumed.
QMNIST_HOST_DEVICE inline RandomWords philox(RandomWords counter, std::uint32_t key0,
                                             std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter.words[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter.words[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.words[1] ^ key0,
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.words[3] ^ key1,
                static_cast<std::uint32_t>(product0)}};
    key0 += 0x9E3779B9;  // the golden ratio's digits
    key1 += 0xBB67AE85;  // those of sqrt(3) - 1
  }
  return counter;
}

/// Use of the random numbers of a step; each use has its own.
enum class StepRandom : std::uint32_t { kAffine, kElastic, kDropout };

/// The random words of a run's step for one row of its batch: 0, 1, ... are different words.
struct RowRandom {
  std::uint64_t step;  ///< steps done before
  std::uint32_t row;
  std::uint32_t seed;

  [[nodiscard]] QMNIST_HOST_DEVICE RandomWords words(StepRandom use, std::uint32_t index) const {
    return philox(
        {{index, row, static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32)}},
        seed, static_cast<std::uint32_t>(use));
  }
};

}  // namespace qmnist
