#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/engines/cuda/device_arenas.h"
#include "host/engines/cuda/device_network.h"
#include "host/engines/cuda/rank_exchange.h"
#include "kernels/activation.h"

namespace qmnist {
struct GradientUse;
struct RowLayers;
struct RowResults;
struct UpdateLayers;
}  // namespace qmnist

namespace qmnist::cuda {

/// Own kernels, whose operations have the order of docs/arithmetic.md: the bits of each network are
/// those of the CPU engine, whichever others are in the same launches.
///
/// The first layer leaves out zero pixels. From some layer on, the row layer, what follows fits
/// into the shared memory of a block: there a block takes whole rows, forward and backward. Layers
/// between these, if any, are multiplied in tiles. Gradients are not stored, but where they are to
/// be clipped or summed over slices.
class FixedOrderNetwork final : public DeviceNetwork {
 public:
  /// @param settings of the shape; dropout rate, label smoothing and norm come with each step
  /// @param stream, blocks must outlive this
  /// @param world of the ranks that share the slices of each batch; nullptr for one
  FixedOrderNetwork(const EngineSettings& settings, std::size_t max_rows, cudaStream_t stream,
                    NetworkBlocks& blocks, DeviceWorld* world = nullptr);

  [[nodiscard]] DeviceArenas& arenas() override { return arenas_; }
  void train_step(const float* inputs, const Targets& targets, std::size_t rows,
                  const StepParams* step, DeviceMetrics* metrics,
                  const NetworkSet& networks) override;
  void compute_gradients(const float* inputs, const Targets& targets, std::size_t rows,
                         const StepParams* step, DeviceMetrics* metrics,
                         const NetworkSet& networks) override;
  [[nodiscard]] const float* predict(const float* inputs, std::size_t rows,
                                     const NetworkSet& networks) override;
  void end_steps() override;

 private:
  /// What all launches of a call have in common.
  struct Batch {
    const float* inputs;
    std::size_t rows;        ///< which are computed here
    std::size_t all_rows;    ///< with those of the other ranks
    const StepParams* step;  ///< nullptr to predict: eval parameters, no dropout
    const NetworkSet& networks;
  };

  [[nodiscard]] bool is_last(std::size_t l) const { return l + 1 == layers_.size(); }
  /// The layers from the row layer on with these parameters.
  [[nodiscard]] RowLayers row_layers(float* parameters, bool trains);
  /// All layers as the updates need them, from a row of the batch on.
  [[nodiscard]] UpdateLayers update_layers(const float* inputs, std::size_t row = 0);
  /// Losses and hits from a row of the batch on.
  [[nodiscard]] RowResults results(std::size_t row, DeviceMetrics* metrics) const;

  /// Forward pass up to the row layer.
  void forward(const Batch& batch);
  /// From the row layer's activations to the deltas of all layers, and the loss of each row, from
  /// row `first` of the whole batch on.
  void backward(const Batch& batch, const Targets& targets, std::size_t first);
  /// Gradients of all layers over some rows, and what `use` says; adds these rows to the metrics,
  /// if they are not nullptr.
  void update(const Batch& batch, Range rows, const GradientUse& use, DeviceMetrics* metrics);
  /// The optimizer's step by the stored gradients.
  void optimizer_step(const Batch& batch);
  /// train_step() by all ranks.
  void train_step_of_ranks(const Batch& batch, const Targets& targets, DeviceMetrics* metrics);

  std::vector<DenseLayer> layers_;
  Activation activation_;
  OptimizerName optimizer_;
  bool clips_;
  std::size_t slices_;
  cudaStream_t stream_;
  std::size_t row_layer_;  ///< the first layer whose rows need no other kernel after it
  DeviceArenas arenas_;
  BlockArray<float> losses_;                    ///< [batch_size], of each row
  BlockArray<std::uint8_t> correct_;            ///< [batch_size], of each row
  BlockArray<double> unit_squares_;             ///< for clipping
  BlockArray<float> gradient_scale_;            ///< of clipping
  std::vector<BlockArray<float>> activations_;  ///< [layers][max_rows, outputs]; logits last
  std::vector<BlockArray<float>> derivatives_;  ///< [layers][batch_size, outputs]; logits have none
  std::vector<BlockArray<float>> deltas_;       ///< [layers][batch_size, outputs]: d loss / d z
  std::optional<RankExchange> exchange_;
};

}  // namespace qmnist::cuda
