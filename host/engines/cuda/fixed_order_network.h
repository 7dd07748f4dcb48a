#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engines/cuda/device_arenas.h"
#include "host/engines/cuda/device_network.h"
#include "kernels/activation.h"
#include "kernels/dropout.h"

namespace qmnist {
struct GradientUse;
struct RowLayers;
struct UpdateLayers;
}  // namespace qmnist

namespace qmnist::cuda {

/// Own kernels, whose operations have the order of docs/arithmetic.md: the bits are those of the
/// CPU engine.
///
/// The first layer leaves out zero pixels. From some layer on, the row layer, what follows fits
/// into the shared memory of a block: there a block takes whole rows, forward and backward. Layers
/// between these, if any, are multiplied in tiles. Gradients are not stored, but where they are to
/// be clipped.
class FixedOrderNetwork final : public DeviceNetwork {
 public:
  /// @param stream must outlive this
  /// @throws std::length_error for a network of more than kMaxLayers layers
  FixedOrderNetwork(const EngineSettings& settings, std::size_t max_rows, cudaStream_t stream);

  void set_state(const TrainingState& state) override { arenas_.set_state(state); }
  void get_state(TrainingState& state) const override { arenas_.get_state(state); }
  void train_step(const float* inputs, const std::uint8_t* labels, std::size_t rows,
                  const StepParams* step, DeviceMetrics* metrics) override;
  [[nodiscard]] std::vector<float> gradients(const float* inputs, const std::uint8_t* labels,
                                             std::size_t rows, const RowRandom* random,
                                             DeviceMetrics* metrics) override;
  [[nodiscard]] const float* predict(const float* inputs, std::size_t rows) override;

 private:
  [[nodiscard]] bool is_last(std::size_t l) const { return l + 1 == layers_.size(); }
  /// The layers from the row layer on with these parameters.
  [[nodiscard]] RowLayers row_layers(float* parameters, bool trains);
  /// All layers as the updates need them.
  [[nodiscard]] UpdateLayers update_layers(const float* inputs);

  /// Forward pass up to the row layer.
  /// @param random nullptr to predict: eval parameters, no dropout
  void forward(const float* inputs, std::size_t rows, const RowRandom* random);
  /// From the row layer's activations to the deltas of all layers, and each row's loss.
  void backward(const std::uint8_t* labels, std::size_t rows, const RowRandom* random);
  /// Gradients of all layers, and what `use` says; adds to the metrics.
  void update(const float* inputs, std::size_t rows, const GradientUse& use,
              DeviceMetrics* metrics);
  void clipped_step(const UpdateLayers& layers, const OptimizerStep<float>* step);

  std::vector<DenseLayer> layers_;
  Activation activation_;
  Dropout dropout_;
  float label_smoothing_;
  OptimizerName optimizer_;
  float clip_norm_;
  cudaStream_t stream_;
  std::size_t row_layer_;  ///< the first layer whose rows need no other kernel after it
  DeviceArenas arenas_;
  DeviceBuffer<float> losses_;                    ///< [batch_size], of each row
  DeviceBuffer<std::uint8_t> correct_;            ///< [batch_size], of each row
  DeviceBuffer<double> unit_squares_;             ///< for clipping
  DeviceBuffer<float> gradient_scale_;            ///< of clipping
  std::vector<DeviceBuffer<float>> activations_;  ///< [layers][max_rows, outputs]; logits last
  std::vector<DeviceBuffer<float>>
      derivatives_;                          ///< [layers][batch_size, outputs]; logits have none
  std::vector<DeviceBuffer<float>> deltas_;  ///< [layers][batch_size, outputs]: d loss / d z
};

}  // namespace qmnist::cuda
