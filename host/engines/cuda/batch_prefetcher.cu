#include "host/engines/cuda/batch_prefetcher.h"

#include <algorithm>

#include "host/engines/cuda/nvtx_range.h"
#include "kernels/distort.h"
#include "kernels/gather.h"
#include "kernels/normalize.h"

namespace qmnist::cuda {
namespace {

/// Enough for the widest loads of any kernel.
std::size_t aligned(std::size_t bytes) {
  constexpr std::size_t kAlignment = 256;
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Of an image or, in its place, its index.
std::size_t image_bytes(std::size_t features) {
  return std::max(features, sizeof(std::uint32_t));
}

}  // namespace

BatchPrefetcher::BatchPrefetcher(std::size_t features, std::size_t samples, std::size_t steps,
                                 const AugmentationSettings& augmentation, cudaStream_t compute,
                                 NetworkBlocks& blocks)
    : features_(features),
      labels_at_(aligned(steps * sizeof(StepParams))),
      distortions_at_(labels_at_ + aligned(samples)),
      pixels_at_(distortions_at_ +
                 (augmentation.any() ? aligned(samples * sizeof(Distortion)) : 0)),
      pitch_(aligned(pixels_at_ + samples * image_bytes(features))),
      has_elastic_(augmentation.elastic > 0),
      compute_(compute),
      arrived_{BlockArray<std::byte>(blocks, pitch_), BlockArray<std::byte>(blocks, pitch_)},
      elastic_(blocks, has_elastic_ ? 1 : 0),
      gathered_(blocks, samples * features),
      inputs_(blocks, samples * features) {}

void BatchPrefetcher::allocate(std::size_t networks) {
  pinned_.emplace(networks * pinned_bytes());
  for (std::size_t network = 0; network < networks; ++network) {
    copied_.push_back({make_event(), make_event()});
  }
}

void BatchPrefetcher::set_elastic(std::size_t network, const ElasticWeights& weights) {
  QMNIST_CHECK(cudaMemcpyAsync(elastic_.data(network), &weights, sizeof(weights),
                               cudaMemcpyHostToDevice, compute_));
}

ChunkShape BatchPrefetcher::copy(std::size_t network, std::size_t turn, const DataView& data,
                                 std::span<const std::uint32_t> indices,
                                 std::span<const StepParams> steps,
                                 std::span<const Distortion> distortions) {
  const NvtxRange range("copy chunk");
  cudaEvent_t copied = copied_[network][turn].get();
  std::byte* pinned = pinned_->data() + (network * kTurns + turn) * pitch_;
  QMNIST_CHECK(cudaEventSynchronize(copied));
  const std::size_t bytes = gather(pinned, data, indices, steps, distortions);
  QMNIST_CHECK(cudaStreamWaitEvent(copy_.get(), released_[turn].get()));
  QMNIST_CHECK(cudaMemcpyAsync(arrived_[turn].data(network), pinned, bytes, cudaMemcpyHostToDevice,
                               copy_.get()));
  QMNIST_CHECK(cudaEventRecord(copied, copy_.get()));
  return {
      .samples = indices.size(), .is_kept = is_kept(data), .is_distorted = !distortions.empty()};
}

void BatchPrefetcher::unpack(std::size_t turn, const ChunkShape& shape,
                             const NetworkSet& networks) {
  for (unsigned i = 0; i < networks.count; ++i) {
    QMNIST_CHECK(cudaStreamWaitEvent(compute_, copied_[networks.blocks[i]][turn].get()));
  }
  const std::byte* arrived = arrived_[turn].data();
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(arrived + pixels_at_);
  if (shape.is_kept) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(arrived + pixels_at_);
    QMNIST_CHECK(launch_gather(compute_, kept_->pixels.data(), from, gathered_.data(),
                               shape.samples, features_, networks));
    pixels = gathered_.data();
  }
  if (shape.is_distorted) {
    const auto* maps = reinterpret_cast<const Distortion*>(arrived + distortions_at_);
    QMNIST_CHECK(launch_distort(compute_, pixels, maps, has_elastic_ ? elastic_.data() : nullptr,
                                inputs_.data(), shape.samples, networks));
  } else {
    QMNIST_CHECK(
        launch_normalize(compute_, pixels, inputs_.data(), shape.samples * features_, networks));
  }
}

void BatchPrefetcher::release(std::size_t turn) {
  QMNIST_CHECK(cudaEventRecord(released_[turn].get(), compute_));
}

std::size_t BatchPrefetcher::gather(std::byte* pinned, const DataView& data,
                                    std::span<const std::uint32_t> indices,
                                    std::span<const StepParams> steps,
                                    std::span<const Distortion> distortions) const {
  std::ranges::copy(std::as_bytes(steps), pinned);  // none to predict
  std::ranges::copy(std::as_bytes(distortions), pinned + distortions_at_);
  std::byte* label = pinned + labels_at_;
  for (const std::uint32_t index : indices) {
    *label++ = std::byte{data.labels[index]};
  }
  std::byte* end = pinned + pixels_at_;
  if (is_kept(data)) {
    end = std::ranges::copy(std::as_bytes(indices), end).out;
  } else {
    for (const std::uint32_t index : indices) {
      end = std::ranges::copy(std::as_bytes(data.image(index)), end).out;
    }
  }
  return static_cast<std::size_t>(end - pinned);
}

void BatchPrefetcher::keep_on_device(const DataView& data) {
  kept_.reset();
  KeptData& kept = kept_.emplace(KeptData{
      .host = data.pixels.data(), .pixels = DeviceBuffer<std::uint8_t>(data.pixels.size())});
  QMNIST_CHECK(cudaMemcpyAsync(kept.pixels.data(), data.pixels.data(), data.pixels.size(),
                               cudaMemcpyHostToDevice, compute_));
}

const std::uint8_t* BatchPrefetcher::labels(std::size_t turn) const {
  return reinterpret_cast<const std::uint8_t*>(arrived_[turn].data() + labels_at_);
}

const StepParams* BatchPrefetcher::steps(std::size_t turn) const {
  return reinterpret_cast<const StepParams*>(arrived_[turn].data());
}

}  // namespace qmnist::cuda
