#pragma once

#include <algorithm>

#include "host/engines/engine.h"
#include "kernels/bias_relu.h"
#include "kernels/normalize.h"
#include "kernels/relu_backward.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {

/// What the other engines are checked against: the textbook's loops, in float or double.
///
/// Forward:  a_0 = x / 255, z_l = a_{l-1} W_l^T + b_l, a_l = relu(z_l), p = softmax(z_L)
/// Backward: d z_L = (p - onehot(label)) / batch, d W_l = d z_l^T a_{l-1}, d b_l = sum of d z_l,
///           d a_{l-1} = d z_l W_l, d z_{l-1} = d a_{l-1} where a_{l-1} > 0
template <typename Real>
class ReferenceEngine final : public Engine {
 public:
  using Values = std::vector<Real>;

  explicit ReferenceEngine(EngineSettings settings)
      : settings_(std::move(settings)), augmentation_(settings_.augmentation, settings_.seed) {
    set_state(initial_state(settings_.network, 0));
  }

  [[nodiscard]] std::string device() const override { return "CPU, plain loops"; }

  void set_state(const TrainingState& state) override {
    parameters_.assign(state.parameters.begin(), state.parameters.end());
    first_moments_.assign(state.first_moments.begin(), state.first_moments.end());
    second_moments_.assign(state.second_moments.begin(), state.second_moments.end());
    step_ = state.step;
  }

  [[nodiscard]] TrainingState state() const override {
    return {to_float(parameters_), to_float(first_moments_), to_float(second_moments_), step_};
  }

  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override {
    while (metrics.samples < order.size()) {
      const std::size_t left = order.size() - metrics.samples;
      const auto batch = order.subspan(metrics.samples, std::min(settings_.batch_size, left));
      const Values gradient = augmentation_.active() ? augmented_gradients(data, batch, metrics)
                                                     : precise_gradients(data, batch, metrics);
      const double learning_rate = settings_.schedule.learning_rate(step_);
      const auto step = adam_step<Real>(settings_.adam, learning_rate, ++step_);
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        adam_update(step, gradient[i], parameters_[i], first_moments_[i], second_moments_[i]);
      }
      if (!keep_going(metrics)) {
        return;
      }
    }
  }

  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override {
    RunningMetrics metrics;
    return to_float(precise_gradients(data, batch, metrics));
  }

  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override {
    const std::size_t classes = settings_.network.classes();
    std::vector<float> probabilities;
    Values row(classes);
    for (const std::uint32_t index : indices) {
      softmax(forward(data.image(index)).back().data(), classes, row.data());
      std::ranges::copy(to_float(row), std::back_inserter(probabilities));
    }
    return probabilities;
  }

  /// The arena of weights and biases, for finite differences.
  [[nodiscard]] std::span<Real> parameters() { return parameters_; }

  /// As gradients(), not rounded to float; adds the batch to `metrics`.
  [[nodiscard]] Values precise_gradients(const DataView& data, std::span<const std::uint32_t> batch,
                                         RunningMetrics& metrics) const {
    Values gradient(parameters_.size());
    const Real scale = Real{1} / static_cast<Real>(batch.size());
    for (const std::uint32_t index : batch) {
      const std::vector<Values> activations = forward(data.image(index));
      const Values& logits = activations.back();
      const std::size_t label = data.labels[index];
      Values delta(logits.size());
      metrics.loss_sum += static_cast<double>(
          softmax_cross_entropy(logits.data(), logits.size(), label, scale, delta.data()));
      metrics.correct += argmax(logits.data(), logits.size()) == label ? 1 : 0;
      metrics.samples += 1;
      backward(activations, std::move(delta), gradient);
    }
    return gradient;
  }

 private:
  [[nodiscard]] Values augmented_gradients(const DataView& data,
                                           std::span<const std::uint32_t> batch,
                                           RunningMetrics& metrics) const {
    std::vector<std::uint8_t> pixels(batch.size() * data.features);
    std::vector<std::uint8_t> labels(batch.size());
    std::vector<std::uint32_t> rows(batch.size());
    for (std::size_t row = 0; row < batch.size(); ++row) {
      distort(data.image(batch[row]).data(), augmentation_.distortion(step_, row),
              augmentation_.elastic(), pixels.data() + row * data.features);
      labels[row] = data.labels[batch[row]];
      rows[row] = static_cast<std::uint32_t>(row);
    }
    return precise_gradients({pixels, labels, data.features}, rows, metrics);
  }

  /// The input and each layer's activations; the last are the logits.
  [[nodiscard]] std::vector<Values> forward(std::span<const std::uint8_t> image) const {
    std::vector<Values> activations(1);
    std::ranges::transform(image, std::back_inserter(activations[0]), normalize<Real>);
    const auto layers = settings_.network.layers();
    for (const DenseLayer& layer : layers) {
      const Values& inputs = activations.back();
      Values outputs(layer.outputs);
      for (std::size_t o = 0; o < layer.outputs; ++o) {
        Real sum = parameters_[layer.bias.offset + o];
        for (std::size_t i = 0; i < layer.inputs; ++i) {
          sum += parameters_[layer.weight.offset + o * layer.inputs + i] * inputs[i];
        }
        outputs[o] = &layer == &layers.back() ? sum : relu(sum);
      }
      activations.push_back(std::move(outputs));
    }
    return activations;
  }

  /// Adds one image's gradient; `delta` is the gradient of the loss by the logits.
  void backward(const std::vector<Values>& activations, Values delta, Values& gradient) const {
    const auto layers = settings_.network.layers();
    for (std::size_t l = layers.size(); l-- > 0;) {
      const DenseLayer& layer = layers[l];
      const Values& inputs = activations[l];
      Values input_gradient(layer.inputs);
      for (std::size_t o = 0; o < layer.outputs; ++o) {
        gradient[layer.bias.offset + o] += delta[o];
        for (std::size_t i = 0; i < layer.inputs; ++i) {
          const std::size_t weight = layer.weight.offset + o * layer.inputs + i;
          gradient[weight] += delta[o] * inputs[i];
          input_gradient[i] += delta[o] * parameters_[weight];
        }
      }
      for (std::size_t i = 0; i < layer.inputs; ++i) {
        input_gradient[i] = relu_gradient(inputs[i], input_gradient[i]);
      }
      delta = std::move(input_gradient);
    }
  }

  static std::vector<float> to_float(const Values& values) {
    std::vector<float> floats(values.size());
    std::ranges::transform(values, floats.begin(),
                           [](Real value) { return static_cast<float>(value); });
    return floats;
  }

  EngineSettings settings_;
  Augmentation augmentation_;
  Values parameters_;
  Values first_moments_;
  Values second_moments_;
  std::uint64_t step_ = 0;
};

}  // namespace qmnist
