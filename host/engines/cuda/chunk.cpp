#include "host/engines/cuda/chunk.h"

namespace qmnist::cuda {

ChunkLayout::ChunkLayout(const ChunkContent& content, std::size_t samples)
    : labels_at_(aligned(kChunkSteps * sizeof(StepParams))),
      soft_labels_at_(labels_at_ + aligned(samples)),
      distortions_at_(soft_labels_at_ + aligned(samples * content.soft_classes * sizeof(float))),
      images_at_(distortions_at_ +
                 (content.has_distortions ? aligned(samples * sizeof(Distortion)) : 0)),
      bytes_(images_at_ + aligned(samples * std::max(content.features, sizeof(std::uint32_t)))) {}

std::size_t ChunkLayout::write(std::byte* to, const DataView& data, const Chunk& chunk,
                               bool by_index) const {
  std::ranges::copy(std::as_bytes(chunk.steps), to);
  std::ranges::copy(std::as_bytes(chunk.soft_labels), to + soft_labels_at_);
  std::ranges::copy(std::as_bytes(chunk.distortions), to + distortions_at_);
  std::byte* label = to + labels_at_;
  for (const std::uint32_t index : chunk.indices) {
    *label++ = std::byte{data.labels[index]};
  }
  std::byte* end = to + images_at_;
  if (by_index) {
    end = std::ranges::copy(std::as_bytes(chunk.indices), end).out;
  } else {
    for (const std::uint32_t index : chunk.indices) {
      end = std::ranges::copy(std::as_bytes(data.image(index)), end).out;
    }
  }
  return static_cast<std::size_t>(end - to);
}

}  // namespace qmnist::cuda
