#pragma once

#include <vector>

#include "host/engines/cuda/device_arenas.h"
#include "host/engines/cuda/device_network.h"
#include "host/engines/cuda/gemm.h"
#include "kernels/activation.h"
#include "kernels/dropout.h"

namespace qmnist::cuda {

/// Matrix products by cuBLAS, which adds in an order of its own, the rest by kernels/. One network
/// only.
class CublasNetwork final : public DeviceNetwork {
 public:
  /// @param stream, blocks must outlive this
  CublasNetwork(const EngineSettings& settings, std::size_t max_rows, cudaStream_t stream,
                NetworkBlocks& blocks);

  [[nodiscard]] DeviceArenas& arenas() override { return arenas_; }
  void train_step(const float* inputs, const Targets& targets, std::size_t rows,
                  const StepParams* step, DeviceMetrics* metrics,
                  const NetworkSet& networks) override;
  void compute_gradients(const float* inputs, const Targets& targets, std::size_t rows,
                         const StepParams* step, DeviceMetrics* metrics,
                         const NetworkSet& networks) override;
  [[nodiscard]] const float* predict(const float* inputs, std::size_t rows,
                                     const NetworkSet& networks) override;

 private:
  /// @param random nullptr to predict: eval parameters, no dropout
  void forward(const float* inputs, std::size_t rows, const RowRandom* random);
  void backward(const float* inputs, std::size_t rows);
  /// A step of the optimizer with the gradients that compute_gradients() left.
  void optimizer_step(const OptimizerStep<float>* step);
  /// d loss / d weights of layer l, from d loss / d its products.
  void multiply_weight_gradient(std::size_t l, const float* inputs, std::size_t rows);

  std::vector<DenseLayer> layers_;
  Activation activation_;
  Dropout dropout_;
  LossParams<float> loss_;
  OptimizerName optimizer_;
  float clip_norm_;
  cudaStream_t stream_;
  Gemm gemm_;
  DeviceBuffer<double> squares_;        ///< for clipping
  DeviceBuffer<float> gradient_scale_;  ///< of clipping
  DeviceBuffer<float> tile_sums_;       ///< see kernels/row_tiles.h
  DeviceBuffer<DeviceMetrics> tile_metrics_;
  DeviceArenas arenas_;
  std::vector<DeviceBuffer<float>> activations_;  ///< [layers][max_rows, outputs]; logits last
  std::vector<DeviceBuffer<float>>
      derivatives_;                          ///< [layers][batch_size, outputs]; logits have none
  std::vector<DeviceBuffer<float>> deltas_;  ///< [layers][batch_size, outputs]: d loss / d z
};

}  // namespace qmnist::cuda
