#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/engines/cuda/cuda_group.h"
#include "host/engines/engine.h"

namespace qmnist::cuda {

/// Trains a network on an NVIDIA GPU, with cuBLAS and kernels/ or with kernels/ alone
/// (DeviceNetwork), alone or in the launches of a group.
///
/// An epoch is a queue of chunks of up to 64 batches: BatchPrefetcher brings one to the device
/// while the one before trains, and all steps of a chunk are one captured graph. The host waits for
/// nothing but a free buffer and, in a group, the other networks. What differs from step to step
/// (images, labels, Adam's scalars) comes with the chunk, so that graphs are made once.
///
/// Several engines may work in as many threads, also on one GPU: none waits for the whole device
/// while another one captures (capture_mutex).
///
/// The same settings, state and data give the same bits on the same GPU and libraries; with
/// Kernels::kFixedOrder, on every GPU, and those of the CPU engine.
class CudaEngine final : public Engine {
 public:
  /// @param network of the group that the engine trains; no other engine may
  CudaEngine(EngineSettings settings, std::shared_ptr<CudaGroup> group, std::size_t network);
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
  void end_training() override;
  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override;
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override;
  [[nodiscard]] std::vector<float> predict_by_group(
      const DataView& data, std::span<const std::uint32_t> indices) override;
  [[nodiscard]] Scores score(const DataView& data, std::span<const std::uint32_t> indices) override;

 private:
  void require_training() const;
  /// The same metrics on all ranks: they arrive earlier on some, and training depends on them.
  [[nodiscard]] RunningMetrics agreed(RunningMetrics metrics) const;
  /// Makes the device current, and keeps the group's other threads from the stream meanwhile.
  [[nodiscard]] std::unique_lock<std::mutex> use_group() const;
  /// The parameters of the step after `step` others.
  /// @param first_row of the batch that is computed here
  [[nodiscard]] StepParams step_params(std::uint64_t step, std::size_t first_row) const;
  /// The distortions of a batch that the step after `step` others trains on; none without
  /// augmentation.
  void add_distortions(std::uint64_t step, std::size_t rows,
                       std::vector<Distortion>& distortions) const;
  void train_chunk(const DataView& data, std::span<const std::uint32_t> chunk);
  /// Calls visit(first, rows, probabilities, labels) for the images indices[first ... first + rows)
  /// when their probabilities by these networks are on the device, as their labels: those of
  /// network 0, as a NetworkSet has it. Needs use_group().
  template <typename Visit>
  void predict_chunks(const DataView& data, std::span<const std::uint32_t> indices,
                      const NetworkSet& networks, Visit visit);
  [[nodiscard]] std::vector<float> predict_by(const NetworkSet& networks, const DataView& data,
                                              std::span<const std::uint32_t> indices);

  EngineSettings settings_;
  Augmentation augmentation_;
  std::shared_ptr<CudaGroup> group_;
  std::size_t network_;
  // Kept between calls of score(), as allocating and freeing wait for the device.
  std::optional<DeviceBuffer<Score>> scores_;
  DeviceBuffer<unsigned long long> confusion_;  ///< [classes, classes]
  std::uint64_t step_ = 0;
};

}  // namespace qmnist::cuda
