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

/// The part of each arena on which a rank steps the optimizer: all of it where there is one rank.
/// Shares are of one size, for which arenas are filled up with zeros.
struct ArenaShare {
  explicit ArenaShare(const EngineSettings& settings);

  /// Elements of an arena.
  [[nodiscard]] std::size_t arena() const { return ranks * size; }

  std::size_t ranks;
  std::size_t size;       ///< in elements
  std::size_t begin = 0;  ///< of this rank's
};

/// The arenas of networks in device memory: parameters and, to train, moments, gradients, and the
/// EMA if there is one. All have the offsets of Network, with zeros in the gaps. Of the moments, a
/// rank only has its share; of the EMA, only that is current, until it was gathered.
class DeviceArenas {
 public:
  /// @param stream, blocks must outlive this
  DeviceArenas(const EngineSettings& settings, WeightLayout layout, cudaStream_t stream,
               NetworkBlocks& blocks);

  /// Returns when the device has the state of a network, or the host has it. All ranks must call
  /// get_state().
  void set_state(std::size_t network, const TrainingState& state);
  void get_state(std::size_t network, TrainingState& state) const;
  /// The gradients of a network, as an arena of Network.
  [[nodiscard]] std::vector<float> download_gradients(std::size_t network) const;

  // Those of network 0, as the launches need them.
  [[nodiscard]] float* parameters() { return state_.data(); }
  [[nodiscard]] float* gradients() { return gradients_.data(); }
  [[nodiscard]] float* ema() { return ema_.data(); }
  [[nodiscard]] float* eval_parameters() { return has_ema_ ? ema() : parameters(); }
  /// For a step of the optimizer, the share of all of them.
  [[nodiscard]] OptimizerArenas for_optimizer();
  [[nodiscard]] std::size_t share_size() const { return share_.size; }
  [[nodiscard]] bool has_ema() const { return has_ema_; }

 private:
  /// The share of a moment.
  [[nodiscard]] float* moment(std::size_t i, std::size_t network = 0) const {
    return state_.data(network) + share_.arena() + i * share_.size;
  }
  /// Copies a part of an arena to the device.
  void upload(const std::vector<float>& arena, Range part, float* to);
  [[nodiscard]] std::vector<float> download(const float* values, std::size_t count) const;
  /// The arena of which each rank has a share.
  [[nodiscard]] std::vector<float> gather(std::span<const float> share) const;
  /// An arena of Network as it lies on the device or, if not `to_device`, the other way round.
  [[nodiscard]] std::vector<float> change_layout(std::span<const float> arena,
                                                 bool to_device) const;

  std::vector<DenseLayer> layers_;
  WeightLayout layout_;
  bool is_training_;  ///< else the parameters are those to predict with, and nothing more is kept
  std::size_t moments_;
  bool has_ema_;
  std::size_t arena_size_;
  ArenaShare share_;
  World* world_;  ///< nullptr where there is one rank
  cudaStream_t stream_;
  BlockArray<float> state_;  ///< parameters, then the share of each moment: one copy to the host
  BlockArray<float> gradients_;
  BlockArray<float> ema_;
};

}  // namespace qmnist::cuda
