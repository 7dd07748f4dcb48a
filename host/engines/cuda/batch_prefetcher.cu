#include "host/engines/cuda/batch_prefetcher.h"

#include <utility>

#include "host/engines/cuda/nvtx_range.h"
#include "kernels/distort.h"
#include "kernels/gather.h"
#include "kernels/normalize.h"

namespace qmnist::cuda {

BatchPrefetcher::BatchPrefetcher(const EngineSettings& settings, std::size_t samples,
                                 cudaStream_t compute, NetworkBlocks& blocks)
    : features_(settings.network.inputs()),
      layout_(content_of_chunks(settings), samples),
      has_soft_labels_(settings.teacher.any()),
      has_elastic_(settings.augmentation.elastic > 0),
      compute_(compute),
      arrived_{BlockArray<std::byte>(blocks, layout_.bytes()),
               BlockArray<std::byte>(blocks, layout_.bytes())},
      elastic_(blocks, has_elastic_ ? 1 : 0),
      gathered_(blocks, samples * features_),
      inputs_(blocks, samples * features_) {}

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
                                 const Chunk& chunk) {
  const NvtxRange range("copy chunk");
  cudaEvent_t copied = copied_[network][turn].get();
  std::byte* pinned = pinned_->data() + (network * kTurns + turn) * layout_.bytes();
  QMNIST_CHECK(cudaEventSynchronize(copied));
  const ChunkShape shape{.samples = chunk.indices.size(),
                         .is_kept = is_kept(data),
                         .is_distorted = !chunk.distortions.empty()};
  const std::size_t bytes = layout_.write(pinned, data, chunk, shape.is_kept);
  QMNIST_CHECK(cudaStreamWaitEvent(copy_.get(), released_[turn].get()));
  QMNIST_CHECK(cudaMemcpyAsync(arrived_[turn].data(network), pinned, bytes, cudaMemcpyHostToDevice,
                               copy_.get()));
  QMNIST_CHECK(cudaEventRecord(copied, copy_.get()));
  return shape;
}

void BatchPrefetcher::unpack(std::size_t turn, const ChunkShape& shape,
                             const NetworkSet& networks) {
  for (unsigned i = 0; i < networks.count; ++i) {
    QMNIST_CHECK(cudaStreamWaitEvent(compute_, copied_[networks.blocks[i]][turn].get()));
  }
  const std::byte* arrived = arrived_[turn].data();
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(arrived + layout_.images_at());
  if (shape.is_kept) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(arrived + layout_.images_at());
    QMNIST_CHECK(launch_gather(compute_, kept_->pixels.data(), from, gathered_.data(),
                               shape.samples, features_, networks));
    pixels = gathered_.data();
  }
  if (shape.is_distorted) {
    const auto* maps = reinterpret_cast<const Distortion*>(arrived + layout_.distortions_at());
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

void BatchPrefetcher::keep_on_device(const DataView& data) {
  kept_.reset();
  KeptData kept{.host = data.pixels.data(),
                .pixels = DeviceBuffer<std::uint8_t>(data.pixels.size())};
  QMNIST_CHECK(cudaMemcpyAsync(kept.pixels.data(), data.pixels.data(), data.pixels.size(),
                               cudaMemcpyHostToDevice, compute_));
  kept_ = std::move(kept);  // now, as other networks would take images that did not arrive
}

const std::uint8_t* BatchPrefetcher::labels(std::size_t turn) const {
  return reinterpret_cast<const std::uint8_t*>(arrived_[turn].data() + layout_.labels_at());
}

Targets BatchPrefetcher::targets(std::size_t turn) const {
  const std::byte* arrived = arrived_[turn].data();
  return {.labels = labels(turn),
          .soft_labels = has_soft_labels_
                             ? reinterpret_cast<const float*>(arrived + layout_.soft_labels_at())
                             : nullptr};
}

const StepParams* BatchPrefetcher::steps(std::size_t turn) const {
  return reinterpret_cast<const StepParams*>(arrived_[turn].data());
}

}  // namespace qmnist::cuda
