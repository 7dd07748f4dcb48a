#pragma once

#include <cstdint>
#include <random>

namespace qmnist {

/// Use of a stream of random numbers; each use has its own stream.
enum class RandomUse : std::uint32_t { kWeights, kEpochOrder };

/// The generator of (seed, use, index), so that any epoch's numbers can be had without those
/// before it. The standard fixes seed_seq and mt19937 bit for bit.
[[nodiscard]] inline std::mt19937 random_stream(std::uint32_t seed, RandomUse use,
                                                std::uint32_t index) {
  std::seed_seq sequence{seed, static_cast<std::uint32_t>(use), index};
  return std::mt19937(sequence);
}

}  // namespace qmnist
