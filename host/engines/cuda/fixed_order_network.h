#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engines/cuda/device_arenas.h"
#include "host/engines/cuda/device_network.h"
#include "kernels/activation.h"

namespace qmnist {
struct GradientUse;
struct RowLayers;
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
  /// @throws std::length_error for a network of more than kMaxLayers layers
  FixedOrderNetwork(const EngineSettings& settings, std::size_t max_rows, cudaStream_t stream,
                    NetworkBlocks& blocks);

  [[nodiscard]] DeviceArenas& arenas() override { return arenas_; }
  void train_step(const float* inputs, const std::uint8_t* labels, std::size_t rows,
                  const StepParams* step, DeviceMetrics* metrics,
                  const NetworkSet& networks) override;
  void compute_gradients(const float* inputs, const std::uint8_t* labels, std::size_t rows,
                         const StepParams* step, DeviceMetrics* metrics,
                         const NetworkSet& networks) override;
  [[nodiscard]] const float* predict(const float* inputs, std::size_t rows,
                                     const NetworkSet& networks) override;

 private:
  /// What all launches of a call have in common.
  struct Batch {
    const float* inputs;
    std::size_t rows;
    const StepParams* step;  ///< nullptr to predict: eval parameters, no dropout
    const NetworkSet& networks;
  };

  [[nodiscard]] bool is_last(std::size_t l) const { return l + 1 == layers_.size(); }
  /// The layers from the row layer on with these parameters.
  [[nodiscard]] RowLayers row_layers(float* parameters, bool trains);
  /// All layers as the updates need them, from a row of the batch on.
  [[nodiscard]] UpdateLayers update_layers(const float* inputs, std::size_t row = 0);

  /// Forward pass up to the row layer.
  void forward(const Batch& batch);
  /// From the row layer's activations to the deltas of all layers, and each row's loss.
  void backward(const Batch& batch, const std::uint8_t* labels);
  /// Gradients of all layers over the rows from `first` to `end`, and what `use` says; adds these
  /// rows to the metrics.
  void update(const Batch& batch, std::size_t first, std::size_t end, const GradientUse& use,
              DeviceMetrics* metrics);
  /// The optimizer's step by the stored gradients.
  void optimizer_step(const Batch& batch);

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
};

}  // namespace qmnist::cuda
