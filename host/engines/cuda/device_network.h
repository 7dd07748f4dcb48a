#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/engines/cuda/device_arenas.h"
#include "host/engines/cuda/device_world.h"
#include "host/engines/engine.h"
#include "kernels/network_set.h"
#include "kernels/softmax_cross_entropy.h"
#include "kernels/step_params.h"

namespace qmnist::cuda {

/// Networks of one shape in device memory, their training steps and their predictions.
///
/// Members that take a batch enqueue work for a set of the networks, in the order of the calls, and
/// return at once. Pointers are to device memory of the caller, which must live until the work is
/// done, as a NetworkSet has it: network 0's, in its block. `rows` is at most the `max_rows` that
/// it was made for.
class DeviceNetwork {
 public:
  DeviceNetwork() = default;
  DeviceNetwork(const DeviceNetwork&) = delete;
  DeviceNetwork& operator=(const DeviceNetwork&) = delete;
  DeviceNetwork(DeviceNetwork&&) = delete;
  DeviceNetwork& operator=(DeviceNetwork&&) = delete;
  virtual ~DeviceNetwork() = default;

  /// The parameters and moments of the networks.
  [[nodiscard]] virtual DeviceArenas& arenas() = 0;

  /// A training step: forward and backward pass, a step of the optimizer, and of the EMA if there
  /// is one. Adds losses and hits to `metrics`, which has one for each block. inputs [rows,
  /// inputs], targets of the rows.
  virtual void train_step(const float* inputs, const Targets& targets, std::size_t rows,
                          const StepParams* step, DeviceMetrics* metrics,
                          const NetworkSet& networks) = 0;

  /// Leaves the gradients of the mean loss in the arenas; operands as for train_step().
  virtual void compute_gradients(const float* inputs, const Targets& targets, std::size_t rows,
                                 const StepParams* step, DeviceMetrics* metrics,
                                 const NetworkSet& networks) = 0;

  /// Forward pass.
  /// @param inputs [rows, inputs], the same for all networks
  /// @return probabilities [rows, classes], which the next call of any member overwrites.
  [[nodiscard]] virtual const float* predict(const float* inputs, std::size_t rows,
                                             const NetworkSet& networks) = 0;

  /// To be called after steps, before anything else: where ranks share a step, each gets what the
  /// others have of the EMA.
  virtual void end_steps() {}
};

/// The networks of these settings, by the kernels that they choose.
/// @param blocks takes what they need; must outlive them, as the stream
/// @param world of the ranks that share the slices of each batch; nullptr for one
[[nodiscard]] std::unique_ptr<DeviceNetwork> make_device_network(const EngineSettings& settings,
                                                                 std::size_t max_rows,
                                                                 cudaStream_t stream,
                                                                 NetworkBlocks& blocks,
                                                                 DeviceWorld* world = nullptr);

}  // namespace qmnist::cuda
