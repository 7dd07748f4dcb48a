#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "host/data/dataset.h"
#include "host/engines/engine.h"
#include "kernels/distort.h"
#include "kernels/step_params.h"

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

/// Bytes, rounded up so that what lies behind them is aligned for the widest loads of any kernel.
inline std::size_t aligned(std::size_t bytes) {
  constexpr std::size_t kAlignment = 256;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// What is brought to the device for several steps.
struct Chunk {
  std::span<const std::uint32_t> indices;     ///< of images of the data set
  std::span<const StepParams> steps;          ///< none to predict
  std::span<const Distortion> distortions{};  ///< one an image, or none
  std::span<const float> soft_labels{};       ///< [images, classes] row-major, or none
};

/// What the chunks of a network have.
struct ChunkContent {
  std::size_t features;      ///< of an image
  std::size_t soft_classes;  ///< with soft labels of so many classes; 0 for none
  bool has_distortions;
};

[[nodiscard]] inline ChunkContent content_of_chunks(const EngineSettings& settings) {
  return {.features = settings.network.inputs(),
          .soft_classes = settings.teacher.any() ? settings.network.classes() : 0,
          .has_distortions = settings.augmentation.any()};
}

/// A chunk's bytes, so that one copy brings all of it: steps, then labels, then soft labels, then
/// distortions, then the images' pixels or, where the device has the images, their indices. Offsets
/// are in bytes.
class ChunkLayout {
 public:
  /// @param samples of the largest chunk, of up to kChunkSteps steps
  ChunkLayout(const ChunkContent& content, std::size_t samples);

  [[nodiscard]] std::size_t labels_at() const { return labels_at_; }
  [[nodiscard]] std::size_t soft_labels_at() const { return soft_labels_at_; }
  [[nodiscard]] std::size_t distortions_at() const { return distortions_at_; }
  [[nodiscard]] std::size_t images_at() const { return images_at_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  ///< of the largest chunk

  /// Writes a chunk of `data`.
  /// @param to [bytes()]
  /// @param by_index writes the images' indices
  /// @return bytes written, with the gaps
  std::size_t write(std::byte* to, const DataView& data, const Chunk& chunk, bool by_index) const;

 private:
  std::size_t labels_at_;
  std::size_t soft_labels_at_;
  std::size_t distortions_at_;
  std::size_t images_at_;
  std::size_t bytes_;
};

}  // namespace qmnist::cuda
