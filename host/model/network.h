#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/activation.h"

namespace qmnist {

/// A parameter tensor's place in an arena.
struct Tensor {
  std::string name;  ///< as in a PyTorch nn.Sequential(Linear, ReLU, Linear, ...): "0.weight"
  std::vector<std::size_t> shape;
  std::size_t offset;  ///< in elements; a multiple of 64, so 256-byte aligned for float
  std::size_t size;    ///< in elements
};

/// A dense layer: outputs = inputs * weight^T + bias.
struct DenseLayer {
  std::size_t inputs;
  std::size_t outputs;
  Tensor weight;  ///< [outputs, inputs], row-major
  Tensor bias;    ///< [outputs]
};

/// Shapes of a multilayer perceptron and the layout of its arena.
///
/// All weights and biases lie in one range of floats, an arena; gradients and moments lie in
/// arenas of the same layout, so that the optimizer is one loop over one range. The gaps that
/// alignment leaves hold zeros and stay zero under every optimizer.
class Network {
 public:
  Network(std::size_t inputs, std::span<const std::size_t> hidden, std::size_t classes,
          Activation activation = Activation::kRelu);

  [[nodiscard]] Activation activation() const { return activation_; }  ///< of the hidden layers

  [[nodiscard]] std::span<const DenseLayer> layers() const { return layers_; }
  [[nodiscard]] std::size_t inputs() const { return layers_.front().inputs; }
  [[nodiscard]] std::size_t classes() const { return layers_.back().outputs; }
  [[nodiscard]] std::size_t arena_size() const { return arena_size_; }  ///< in elements, with gaps
  [[nodiscard]] std::size_t parameter_count() const;                    ///< without gaps
  [[nodiscard]] std::vector<Tensor> tensors() const;                    ///< in arena order

 private:
  std::vector<DenseLayer> layers_;
  Activation activation_;
  std::size_t arena_size_ = 0;
};

using Arenas = std::vector<std::vector<float>>;

/// Everything that training changes.
struct TrainingState {
  std::vector<float> parameters;  ///< arena
  Arenas moments = {};            ///< arenas of the optimizer; none stands for zeros
  std::vector<float> ema = {};    ///< arena, moving average of the parameters; empty for none
  std::uint64_t step = 0;         ///< optimizer steps done

  /// The parameters to predict with: the EMA if there is one, else the parameters.
  [[nodiscard]] const std::vector<float>& eval_parameters() const {
    return ema.empty() ? parameters : ema;
  }
  /// All of the above in their order; that of the EMA is empty where there is none.
  [[nodiscard]] std::vector<std::span<const float>> arenas() const;
  friend bool operator==(const TrainingState&, const TrainingState&) = default;
};

/// The state's moments, or `count` arenas of zeros if it has none.
/// @throws std::invalid_argument if it has another number of moments
[[nodiscard]] Arenas moments_or_zeros(const TrainingState& state, std::size_t count);

/// Keras's start: Glorot-uniform weights from that seed, zero biases, no moments yet.
/// The same on every machine and for every engine.
[[nodiscard]] TrainingState initial_state(const Network& network, std::uint32_t seed);

}  // namespace qmnist
