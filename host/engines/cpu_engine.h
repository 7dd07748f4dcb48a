#pragma once

#include "host/engines/engine.h"

namespace qmnist {

/// Trains on the CPU: matrix products by OpenBLAS, the rest by loops over kernels/'s formulas.
///
/// The same settings, state and data give the same bits every time on one machine; another number
/// of threads or another CPU may round differently, as OpenBLAS splits and sums differently there.
/// OpenBLAS's thread count belongs to the process: the engine that works sets it.
class CpuEngine final : public Engine {
 public:
  explicit CpuEngine(EngineSettings settings);

  [[nodiscard]] std::string device() const override;
  void set_state(const TrainingState& state) override { state_ = state; }
  [[nodiscard]] TrainingState state() const override { return state_; }
  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override;
  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override;
  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override;

 private:
  /// Lets OpenBLAS use all threads where the products of that many rows are worth it, else one.
  void share_work(std::size_t rows) const;
  /// Room for a batch of up to that many rows.
  void reserve(std::size_t rows);
  void forward(const DataView& data, std::span<const std::uint32_t> batch);
  /// Leaves the gradient of the mean loss in gradients_; follows forward() of the same batch.
  void backward(const DataView& data, std::span<const std::uint32_t> batch,
                RunningMetrics& metrics);
  void update();

  EngineSettings settings_;
  TrainingState state_;
  std::vector<float> gradients_;                 ///< arena
  std::vector<std::vector<float>> activations_;  ///< [layers + 1][rows, size]; inputs first
  std::vector<std::vector<float>> deltas_;       ///< [layers][rows, size]: d loss / d z
  std::size_t rows_ = 0;
};

}  // namespace qmnist
