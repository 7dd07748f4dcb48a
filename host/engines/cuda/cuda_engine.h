#pragma once

#include <map>
#include <optional>

#include "host/engines/cuda/batch_prefetcher.h"
#include "host/engines/cuda/cuda_device.h"
#include "host/engines/cuda/device_network.h"
#include "host/engines/engine.h"

namespace qmnist::cuda {

/// Trains on an NVIDIA GPU, with cuBLAS and kernels/ or with kernels/ alone (DeviceNetwork).
///
/// An epoch is a queue of chunks of up to kChunkSteps batches: BatchPrefetcher brings one to the
/// device while the one before trains, and all steps of a chunk are one captured graph. The host
/// waits for nothing but a free buffer. What differs from step to step (images, labels, Adam's
/// scalars) comes with the chunk, so that each graph is made once.
///
/// Several engines may work in as many threads, also on one GPU: none waits for the whole device
/// while another one captures (capture_mutex).
///
/// The same settings, state and data give the same bits on the same GPU and libraries; with
/// Kernels::kFixedOrder, on every GPU, and those of the CPU engine.
class CudaEngine final : public Engine {
 public:
  /// @throws DeviceError where that GPU cannot be had
  explicit CudaEngine(EngineSettings settings);
  CudaEngine(const CudaEngine&) = delete;
  CudaEngine& operator=(const CudaEngine&) = delete;
  CudaEngine(CudaEngine&&) = delete;
  CudaEngine& operator=(CudaEngine&&) = delete;
  ~CudaEngine() override;

  [[nodiscard]] std::string device() const override;
  void set_state(const TrainingState& state) override;
  [[nodiscard]] TrainingState state() const override;
  void keep_on_device(const DataView& data) override;
  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override;
  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override;
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override;
  [[nodiscard]] Scores score(const DataView& data, std::span<const std::uint32_t> indices) override;

 private:
  void require_training() const;
  /// CUDA's calls go to the device that is current in the calling thread.
  void make_device_current() const;
  /// The distortions of a batch that the step after `step` others trains on; none without
  /// augmentation.
  void add_distortions(std::uint64_t step, std::size_t rows,
                       std::vector<Distortion>& distortions) const;
  void train_chunk(const DataView& data, std::span<const std::uint32_t> chunk);
  /// Launches the steps of a chunk of that many samples: one by one at the first use of the size,
  /// then as a graph.
  void launch_steps(std::size_t samples);
  void enqueue_steps(std::size_t samples);
  void send_metrics(const RunningMetrics& metrics);
  /// Starts copying the metrics, which are those of `samples` samples, to the host.
  void fetch_metrics(std::uint64_t samples);
  /// Reads the metrics that were copied.
  void take_metrics(RunningMetrics& metrics);
  /// Reads the metrics if the copy is done, and starts the next one.
  void poll_metrics(RunningMetrics& metrics, std::uint64_t samples);
  /// Calls visit(first, rows) for the images indices[first ... first + rows) when they are on the
  /// device.
  template <typename Visit>
  void for_each_chunk(const DataView& data, std::span<const std::uint32_t> indices, Visit visit);

  EngineSettings settings_;
  Augmentation augmentation_;
  CudaDevice device_;
  std::size_t chunk_samples_;
  std::size_t max_rows_;
  Stream compute_ = make_stream();
  std::unique_ptr<DeviceNetwork> network_;
  BatchPrefetcher prefetcher_;
  // Kept between calls of score(), as allocating and freeing wait for the device.
  std::optional<DeviceBuffer<Score>> scores_;
  DeviceBuffer<unsigned long long> confusion_;  ///< [classes, classes]
  DeviceBuffer<DeviceMetrics> metrics_{1};
  PinnedBuffer<DeviceMetrics> arriving_{1};  ///< where metrics_ are copied to, now and then
  Event arrived_ = make_event();
  std::uint64_t arriving_samples_ = 0;       ///< 0 while no copy is pending
  std::map<std::size_t, GraphExec> graphs_;  ///< by samples; null after their first use
  std::uint64_t step_ = 0;
};

}  // namespace qmnist::cuda
