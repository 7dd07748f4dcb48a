#pragma once

#include <algorithm>
#include <cstddef>

namespace qmnist::cuda {

// So many steps that the host's work for a chunk is little a step, and so few images that they stay
// in the device's cache.
inline constexpr std::size_t kChunkSteps = 64;
inline constexpr std::size_t kChunkSamples = 2048;

/// Samples of a full chunk of training steps: whole batches, at least one.
inline std::size_t samples_of_chunk(std::size_t batch_size) {
  return batch_size * std::clamp<std::size_t>(kChunkSamples / batch_size, 1, kChunkSteps);
}

/// The most samples that are brought to the device at a time, to train or to predict.
inline std::size_t max_chunk_samples(std::size_t batch_size) {
  return std::max(samples_of_chunk(batch_size), kChunkSamples);
}

}  // namespace qmnist::cuda
