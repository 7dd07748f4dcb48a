#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "host/engines/cuda/resources.h"
#include "host/engines/cuda/step_params.h"
#include "host/engines/engine.h"
#include "kernels/score.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist::cuda {

/// A network in device memory, its training step and its predictions.
///
/// Members that take a batch enqueue work on the stream, in the order of the calls, and return at
/// once; pointers are to device memory of the caller, which must live until the work is done.
/// `rows` is at most the `max_rows` that it was made for.
class DeviceNetwork {
 public:
  DeviceNetwork() = default;
  DeviceNetwork(const DeviceNetwork&) = delete;
  DeviceNetwork& operator=(const DeviceNetwork&) = delete;
  DeviceNetwork(DeviceNetwork&&) = delete;
  DeviceNetwork& operator=(DeviceNetwork&&) = delete;
  virtual ~DeviceNetwork() = default;

  /// Returns when the device has the state, or the host has it.
  virtual void set_state(const TrainingState& state) = 0;
  virtual void get_state(TrainingState& state) const = 0;

  /// A training step: forward and backward pass, a step of the optimizer, and of the EMA if there
  /// is one. Adds losses and hits to `metrics`. inputs [rows, inputs], labels [rows].
  virtual void train_step(const float* inputs, const std::uint8_t* labels, std::size_t rows,
                          const StepParams* step, DeviceMetrics* metrics) = 0;

  /// Gradient of the mean loss, as an arena of Network; operands as for train_step(). Returns when
  /// the host has it.
  /// @param random the step's
  [[nodiscard]] virtual std::vector<float> gradients(const float* inputs,
                                                     const std::uint8_t* labels, std::size_t rows,
                                                     const RowRandom* random,
                                                     DeviceMetrics* metrics) = 0;

  /// Forward pass. inputs [rows, inputs].
  /// @return probabilities [rows, classes], which the next call of any member overwrites.
  [[nodiscard]] virtual const float* predict(const float* inputs, std::size_t rows) = 0;
};

/// The network of these settings, by the kernels that they choose.
/// @param stream must outlive it
[[nodiscard]] std::unique_ptr<DeviceNetwork> make_device_network(const EngineSettings& settings,
                                                                 std::size_t max_rows,
                                                                 cudaStream_t stream);

}  // namespace qmnist::cuda
