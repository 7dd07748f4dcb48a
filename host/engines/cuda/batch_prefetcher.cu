#include <algorithm>

#include "host/engines/cuda/batch_prefetcher.h"
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
std::size_t slot_bytes(std::size_t features) {
  return std::max(features, sizeof(std::uint32_t));
}

}  // namespace

BatchPrefetcher::BatchPrefetcher(std::size_t features, std::size_t samples, std::size_t steps,
                                 const Augmentation& augmentation, cudaStream_t compute)
    : features_(features),
      samples_(samples),
      labels_at_(aligned(steps * sizeof(StepParams))),
      distortions_at_(labels_at_ + aligned(samples)),
      pixels_at_(distortions_at_ +
                 (augmentation.active() ? aligned(samples * sizeof(Distortion)) : 0)),
      compute_(compute),
      slots_{Slot(pixels_at_ + samples * slot_bytes(features)),
             Slot(pixels_at_ + samples * slot_bytes(features))},
      header_(distortions_at_),
      inputs_(samples * features) {
  if (const ElasticWeights* weights = augmentation.elastic()) {
    elastic_.emplace(1);
    QMNIST_CHECK(cudaMemcpyAsync(elastic_->data(), weights, sizeof(*weights),
                                 cudaMemcpyHostToDevice, compute));
  }
}

void BatchPrefetcher::upload(const DataView& data, std::span<const std::uint32_t> indices,
                             std::span<const StepParams> steps,
                             std::span<const Distortion> distortions) {
  const NvtxRange range("upload chunk");
  Slot& slot = slots_[turn_];
  turn_ = 1 - turn_;

  QMNIST_CHECK(cudaEventSynchronize(slot.copied.get()));
  const std::size_t bytes = gather(slot.pinned.data(), data, indices, steps, distortions);
  QMNIST_CHECK(cudaStreamWaitEvent(copy_.get(), slot.unpacked.get()));
  QMNIST_CHECK(cudaMemcpyAsync(slot.device.data(), slot.pinned.data(), bytes,
                               cudaMemcpyHostToDevice, copy_.get()));
  QMNIST_CHECK(cudaEventRecord(slot.copied.get(), copy_.get()));

  QMNIST_CHECK(cudaStreamWaitEvent(compute_, slot.copied.get()));
  QMNIST_CHECK(cudaMemcpyAsync(header_.data(), slot.device.data(), labels_at_ + indices.size(),
                               cudaMemcpyDeviceToDevice, compute_));
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(slot.device.data() + pixels_at_);
  if (is_kept(data)) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(slot.device.data() + pixels_at_);
    QMNIST_CHECK(launch_gather(compute_, kept_->pixels.data(), from, kept_->gathered.data(),
                               indices.size(), features_));
    pixels = kept_->gathered.data();
  }
  if (distortions.empty()) {
    QMNIST_CHECK(launch_normalize(compute_, pixels, inputs_.data(), indices.size() * features_));
  } else {
    const auto* maps = reinterpret_cast<const Distortion*>(slot.device.data() + distortions_at_);
    QMNIST_CHECK(launch_distort(compute_, pixels, maps, elastic_ ? elastic_->data() : nullptr,
                                inputs_.data(), indices.size()));
  }
  QMNIST_CHECK(cudaEventRecord(slot.unpacked.get(), compute_));
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
  KeptData& kept =
      kept_.emplace(KeptData{.host = data.pixels.data(),
                             .pixels = DeviceBuffer<std::uint8_t>(data.pixels.size()),
                             .gathered = DeviceBuffer<std::uint8_t>(samples_ * features_)});
  QMNIST_CHECK(cudaMemcpyAsync(kept.pixels.data(), data.pixels.data(), data.pixels.size(),
                               cudaMemcpyHostToDevice, compute_));
}

const std::uint8_t* BatchPrefetcher::labels() const {
  return reinterpret_cast<const std::uint8_t*>(header_.data() + labels_at_);
}

const StepParams* BatchPrefetcher::steps() const {
  return reinterpret_cast<const StepParams*>(header_.data());
}

}  // namespace qmnist::cuda
