#pragma once

#include <cstdint>
#include <vector>

#include "host/engines/cuda/gemm.h"
#include "host/engines/cuda/resources.h"
#include "host/engines/engine.h"
#include "host/model/network.h"
#include "kernels/activation.h"
#include "kernels/dropout.h"
#include "kernels/optimizer.h"
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
  /// @param stream must outlive this
  DeviceNetwork(const EngineSettings& settings, std::size_t max_rows, cudaStream_t stream);

  /// Returns when the device has the state, or the host has it.
  void set_state(const TrainingState& state);
  void get_state(TrainingState& state) const;
  [[nodiscard]] std::vector<float> download_gradients() const;

  /// Forward and backward pass: leaves the gradient of the mean loss in the gradient arena and adds
  /// losses and hits to `metrics`. inputs [rows, inputs], labels [rows].
  /// @param random the step's
  void forward_backward(const float* inputs, const std::uint8_t* labels, std::size_t rows,
                        const RowRandom* random, DeviceMetrics* metrics);

  /// A step of the optimizer with the gradients that forward_backward() left.
  void optimizer_step(const OptimizerStep<float>* step);

  /// Forward pass. inputs [rows, inputs].
  /// @return probabilities [rows, classes], which the next call of any member overwrites.
  [[nodiscard]] const float* predict(const float* inputs, std::size_t rows);

  /// Scores probabilities [rows, classes] against labels [rows]: scores [rows], and one more in
  /// each image's cell of confusion [classes, classes].
  void score(const float* probabilities, const std::uint8_t* labels, std::size_t rows,
             Score* scores, unsigned long long* confusion);

 private:
  /// @param random nullptr to predict: eval parameters, no dropout
  void forward(const float* inputs, std::size_t rows, const RowRandom* random);
  void backward(const float* inputs, std::size_t rows);
  /// d loss / d weights of layer l, from d loss / d its products.
  void multiply_weight_gradient(std::size_t l, const float* inputs, std::size_t rows);

  void upload(const std::vector<float>& values, float* arena);
  /// The values of adjacent arenas, after all work on the stream.
  [[nodiscard]] std::vector<float> download(std::size_t first_arena, std::size_t count) const;

  // Arenas in the order in which they lie in memory: parameters and, to train, moments, gradients,
  // EMA if any. So parameters and moments are one copy to the host.
  [[nodiscard]] float* arena(std::size_t index) { return arenas_.data() + index * arena_size_; }
  [[nodiscard]] float* parameters() { return arena(0); }
  [[nodiscard]] float* moments(std::size_t index) { return arena(1 + index); }
  [[nodiscard]] float* gradients() { return arena(1 + moments_); }
  [[nodiscard]] float* ema() { return arena(2 + moments_); }
  [[nodiscard]] float* eval_parameters() { return has_ema_ ? ema() : parameters(); }

  std::vector<DenseLayer> layers_;
  Activation activation_;
  Dropout dropout_;
  float label_smoothing_;
  OptimizerName optimizer_;
  bool is_training_;  ///< else the parameters are those to predict with, and nothing more is kept
  std::size_t moments_;
  bool has_ema_;
  float clip_norm_;
  std::size_t arena_size_;
  cudaStream_t stream_;
  Gemm gemm_;
  DeviceBuffer<double> squares_;        ///< for clipping
  DeviceBuffer<float> gradient_scale_;  ///< of clipping
  DeviceBuffer<float> tile_sums_;       ///< see kernels/row_tiles.h
  DeviceBuffer<DeviceMetrics> tile_metrics_;
  DeviceBuffer<float> arenas_;
  std::vector<DeviceBuffer<float>> activations_;  ///< [layers][max_rows, outputs]; logits last
  std::vector<DeviceBuffer<float>>
      derivatives_;                          ///< [layers][batch_size, outputs]; logits have none
  std::vector<DeviceBuffer<float>> deltas_;  ///< [layers][batch_size, outputs]: d loss / d z
};

}  // namespace qmnist::cuda
