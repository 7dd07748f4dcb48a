#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "host/engines/cuda/batch_prefetcher.h"
#include "host/engines/cuda/cuda_device.h"
#include "host/engines/cuda/device_network.h"
#include "host/engines/cuda/metrics_reader.h"
#include "host/engines/engine.h"
#include "host/engines/lock_step.h"

namespace qmnist::cuda {

/// Networks of one shape on one GPU that train in the same launches; or only one network.
///
/// Each is trained by a thread of its own, and has chunks, steps and metrics of its own. Whenever
/// all networks that still train have a chunk, one thread launches the steps of all of them, so
/// that a step takes as many launches as that of one network. No result of a network depends on the
/// others.
///
/// Members but train_chunk() need lock_step().alone(), as threads share the stream.
class CudaGroup {
 public:
  /// @param shape settings in which the networks agree (have_one_shape()); with a world of several
  ///   ranks, for one network
  /// @throws DeviceError where that GPU cannot be had or has too little memory
  CudaGroup(EngineSettings shape, std::size_t networks);
  CudaGroup(const CudaGroup&) = delete;
  CudaGroup& operator=(const CudaGroup&) = delete;
  CudaGroup(CudaGroup&&) = delete;
  CudaGroup& operator=(CudaGroup&&) = delete;
  ~CudaGroup();

  /// Device memory in bytes of each network.
  [[nodiscard]] static std::size_t bytes_per_network(const EngineSettings& shape);

  /// CUDA's calls go to the device that is current in the calling thread.
  void make_device_current() const;
  [[nodiscard]] const CudaDevice& device() const { return device_; }

  /// Copies the images to the device where the settings and the free memory say so.
  void keep_on_device(const DataView& data);

  /// Takes the training steps of a chunk of images of a network: chunk_samples() at most. Waits for
  /// the chunks of the other networks, and returns when all steps are enqueued.
  void train_chunk(std::size_t network, const DataView& data, const Chunk& chunk);

  [[nodiscard]] LockStep& lock_step() { return lock_step_; }
  [[nodiscard]] cudaStream_t stream() { return compute_.get(); }
  [[nodiscard]] DeviceNetwork& network() { return *network_; }
  [[nodiscard]] BatchPrefetcher& prefetcher() { return prefetcher_; }
  [[nodiscard]] MetricsReader& metrics() { return metrics_; }
  [[nodiscard]] NetworkSet only(std::size_t network) const { return blocks_.only(network); }
  [[nodiscard]] NetworkSet all() const;
  /// What a network has where `in_block_0` is network 0's.
  template <typename T>
  [[nodiscard]] T* of_network(std::size_t network, T* in_block_0) const {
    return in_block_0 + network * blocks_.bytes() / sizeof(T);
  }
  [[nodiscard]] std::size_t chunk_samples() const { return chunk_samples_; }
  /// Images that a network predicts at a time.
  [[nodiscard]] std::size_t max_rows() const { return max_rows_; }

 private:
  /// The steps of chunks of one size, as they were last launched with these networks.
  struct ChunkSteps {
    NetworkSet networks;
    std::array<GraphExec, BatchPrefetcher::kTurns> graphs;  ///< null until the second use
  };

  /// Launches the steps of all chunks that have come.
  void launch_round();
  /// Launches the steps of a chunk of that many samples: one by one at the first use of the size
  /// with these networks, then as a graph.
  void launch_steps(std::size_t turn, std::size_t samples, const NetworkSet& networks);
  void enqueue_steps(std::size_t turn, std::size_t samples, const NetworkSet& networks);

  EngineSettings shape_;
  CudaDevice device_;
  std::size_t chunk_samples_;
  std::size_t max_rows_;
  Stream compute_ = make_stream();
  std::unique_ptr<DeviceWorld> world_;  ///< nullptr where there is one rank
  NetworkBlocks blocks_;
  std::unique_ptr<DeviceNetwork> network_;
  BatchPrefetcher prefetcher_;
  const std::uint8_t* decided_for_ = nullptr;  ///< images for which keep_on_device() decided
  MetricsReader metrics_;
  std::vector<std::optional<ChunkShape>> chunks_;  ///< of each network, until they are launched
  std::map<std::size_t, ChunkSteps> steps_;        ///< by samples
  LockStep lock_step_;
};

}  // namespace qmnist::cuda
