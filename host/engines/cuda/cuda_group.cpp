#include "host/engines/cuda/cuda_group.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "host/engines/cuda/fixed_order_network.h"
#include "host/engines/cuda/nvtx_range.h"
#include "host/engines/cuda/rank_devices.h"
#include "host/error.h"

namespace qmnist::cuda {

CudaGroup::CudaGroup(EngineSettings shape, std::size_t networks)
    : shape_(std::move(shape)),
      device_(use_cuda_device(shape_.ranks() > 1 ? device_of_rank(*shape_.world)
                                                 : shape_.device_index)),
      chunk_samples_(samples_of_chunk(shape_.batch_size)),
      max_rows_(max_chunk_samples(shape_.batch_size)),
      world_(shape_.ranks() > 1 ? join_on_devices(*shape_.world, compute_.get()) : nullptr),
      network_(make_device_network(shape_, max_rows_, compute_.get(), blocks_, world_.get())),
      prefetcher_(shape_, max_rows_, compute_.get(), blocks_),
      metrics_(networks, compute_.get()),
      chunks_(networks),
      lock_step_(networks) {
  blocks_.allocate(networks);
  prefetcher_.allocate(networks);
}

CudaGroup::~CudaGroup() {
  (void)cudaSetDevice(static_cast<int>(device_.index));
  if (world_ && std::uncaught_exceptions() > 0) {
    world_->abort();  // the others may not come to what is enqueued
  }
  // After an error, pending work may still use the buffers.
  (void)cudaStreamSynchronize(compute_.get());
}

std::size_t CudaGroup::bytes_per_network(const EngineSettings& shape) {
  (void)use_cuda_device(shape.device_index);
  const std::size_t rows = max_chunk_samples(shape.batch_size);
  NetworkBlocks blocks;
  const FixedOrderNetwork network(shape, rows, nullptr, blocks);
  const BatchPrefetcher prefetcher(shape, rows, nullptr, blocks);
  return blocks.bytes();
}

void CudaGroup::make_device_current() const {
  QMNIST_CHECK(cudaSetDevice(static_cast<int>(device_.index)));
}

NetworkSet CudaGroup::all() const {
  NetworkSet networks = only(0);
  networks.count = static_cast<unsigned>(chunks_.size());
  for (unsigned i = 0; i < networks.count; ++i) {
    networks.blocks[i] = static_cast<std::uint8_t>(i);
  }
  return networks;
}

void CudaGroup::keep_on_device(const DataView& data) {
  if (decided_for_ == data.pixels.data()) {
    return;  // each network of the group asks, and chunks of others may be on their way
  }
  if (shape_.on_device == OnDevice::kAlways) {
    try {
      prefetcher_.keep_on_device(data);
    } catch (const DeviceMemoryError& error) {
      throw DeviceMemoryError(R"(data.on_device is "always", but {}; or set it to "auto")",
                              error.what());
    }
  } else if (shape_.on_device == OnDevice::kAuto) {
    std::size_t free = 0;
    std::size_t total = 0;
    QMNIST_CHECK(cudaMemGetInfo(&free, &total));
    if (data.pixels.size() <= free / 8) {  // other engines may need memory, too
      prefetcher_.keep_on_device(data);
    }
  }
  decided_for_ = data.pixels.data();
}

void CudaGroup::train_chunk(std::size_t network, const DataView& data, const Chunk& chunk) {
  const NvtxRange range("chunk");
  const std::size_t turn = lock_step_.rounds() % BatchPrefetcher::kTurns;
  chunks_[network] = prefetcher_.copy(network, turn, data, chunk);
  lock_step_.meet(network, [this] { launch_round(); });
}

void CudaGroup::launch_round() {
  const std::size_t turn = lock_step_.rounds() % BatchPrefetcher::kTurns;
  std::map<ChunkShape, NetworkSet> networks_of;
  for (std::size_t network = 0; network < chunks_.size(); ++network) {
    if (const auto chunk = std::exchange(chunks_[network], std::nullopt)) {
      NetworkSet& networks = networks_of.try_emplace(*chunk, NetworkSet{.count = 0}).first->second;
      networks.stride = blocks_.bytes();
      networks.blocks[networks.count++] = static_cast<std::uint8_t>(network);
      metrics_.add(network, chunk->samples);
    }
  }
  for (const auto& [chunk, networks] : networks_of) {
    prefetcher_.unpack(turn, chunk, networks);
    launch_steps(turn, chunk.samples, networks);
  }
  prefetcher_.release(turn);
  metrics_.poll();
}

void CudaGroup::launch_steps(std::size_t turn, std::size_t samples, const NetworkSet& networks) {
  const auto [place, is_first_use] = steps_.try_emplace(samples);
  ChunkSteps& steps = place->second;
  if (is_first_use || steps.networks != networks) {
    steps = {.networks = networks, .graphs = {}};
    // Kernels are loaded and cuBLAS chooses its own at their first use; a capture must find that
    // done, and must not run in another thread meanwhile.
    const std::shared_lock no_capture(capture_mutex);
    enqueue_steps(turn, samples, networks);
    return;
  }
  GraphExec& graph = steps.graphs[turn];
  if (graph == nullptr) {
    const NvtxRange range("capture");
    StreamCapture capture(compute_.get());
    enqueue_steps(turn, samples, networks);
    graph = capture.finish();
  }
  QMNIST_CHECK(cudaGraphLaunch(graph.get(), compute_.get()));
}

void CudaGroup::enqueue_steps(std::size_t turn, std::size_t samples, const NetworkSet& networks) {
  const std::size_t features = shape_.network.inputs();
  const Targets targets = prefetcher_.targets(turn);
  const StepParams* step = prefetcher_.steps(turn);
  for (std::size_t first = 0; first < samples; first += shape_.batch_size, ++step) {
    const std::size_t rows = std::min(shape_.batch_size, samples - first);
    network_->train_step(prefetcher_.inputs() + first * features,
                         targets.from(first, shape_.network.classes()), rows, step, metrics_.data(),
                         networks);
  }
}

}  // namespace qmnist::cuda
