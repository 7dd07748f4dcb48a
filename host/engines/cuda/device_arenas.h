#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "host/engines/cuda/network_blocks.h"
#include "host/engines/engine.h"
#include "host/model/network.h"
#include "kernels/optimizer.h"

namespace qmnist::cuda {

/// How a layer's weights lie in the arenas on the device.
enum class WeightLayout {
  kOutputsInputs,  ///< as in Network
  kInputsOutputs,  ///< transposed, so that neighbouring threads with an output each read neighbours
};

/// The arenas of networks in device memory: parameters and, to train, moments, gradients, and the
/// EMA if there is one. All have the offsets of Network, with zeros in the gaps.
class DeviceArenas {
 public:
  /// @param stream, blocks must outlive this
  DeviceArenas(const EngineSettings& settings, WeightLayout layout, cudaStream_t stream,
               NetworkBlocks& blocks);

  /// Returns when the device has the state of a network, or the host has it.
  void set_state(std::size_t network, const TrainingState& state);
  void get_state(std::size_t network, TrainingState& state) const;
  /// The gradients of a network, as an arena of Network.
  [[nodiscard]] std::vector<float> download_gradients(std::size_t network) const;

  // Those of network 0, as the launches need them.
  [[nodiscard]] std::size_t size() const { return arena_size_; }  ///< of an arena, in elements
  [[nodiscard]] float* parameters() { return arena(0); }
  [[nodiscard]] float* gradients() { return arena(gradients_index()); }
  [[nodiscard]] float* eval_parameters() { return arena(has_ema_ ? ema_index() : 0); }
  /// All of them, for a step of the optimizer.
  [[nodiscard]] OptimizerArenas for_optimizer();

 private:
  // In the order in which they lie in memory, so that parameters and moments are one copy to the
  // host.
  [[nodiscard]] float* arena(std::size_t index, std::size_t network = 0) const {
    return arenas_.data(network) + index * arena_size_;
  }
  [[nodiscard]] std::size_t gradients_index() const { return 1 + moments_; }
  [[nodiscard]] std::size_t ema_index() const { return 2 + moments_; }

  void upload(const std::vector<float>& values, float* arena);
  [[nodiscard]] Arenas download(const float* first_arena, std::size_t count) const;
  /// An arena of Network as it lies on the device or, if not `to_device`, the other way round.
  [[nodiscard]] std::vector<float> change_layout(std::span<const float> arena,
                                                 bool to_device) const;

  std::vector<DenseLayer> layers_;
  WeightLayout layout_;
  bool is_training_;  ///< else the parameters are those to predict with, and nothing more is kept
  std::size_t moments_;
  bool has_ema_;
  std::size_t arena_size_;
  cudaStream_t stream_;
  BlockArray<float> arenas_;
};

}  // namespace qmnist::cuda
