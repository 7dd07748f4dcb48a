#pragma once

#include <algorithm>
#include <array>
#include <functional>

#include "host/engines/cpu/flush_denormals.h"
#include "host/engines/engine.h"
#include "kernels/activation.h"
#include "kernels/clip.h"
#include "kernels/dropout.h"
#include "kernels/normalize.h"
#include "kernels/optimizer.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {

/// The reference for the other engines: plain loops, in float or double. In float they give the
/// bits of the CPU engine (docs/arithmetic.md).
///
/// Forward:  a_0 = x / 255, z_l = a_{l-1} W_l^T + b_l, a_l = activate(z_l), p = softmax(z_L)
/// Backward: d z_L = (p - target) / batch, d W_l = d z_l^T a_{l-1}, d b_l = sum of d z_l,
///           d a_{l-1} = d z_l W_l, d z_{l-1} = d a_{l-1} activate'(z_{l-1})
/// The gradients of the batch's slices are added.
template <typename Real>
class ReferenceEngine final : public Engine {
 public:
  using Values = std::vector<Real>;

  explicit ReferenceEngine(EngineSettings settings)
      : settings_(std::move(settings)),
        augmentation_(settings_.augmentation, settings_.seed),
        dropout_(settings_.regularization.dropout) {
    set_state(initial_state(settings_.network, 0));
  }

  [[nodiscard]] std::string device() const override { return "CPU, plain loops"; }

  void set_state(const TrainingState& state) override {
    parameters_.assign(state.parameters.begin(), state.parameters.end());
    moments_.clear();
    for (const auto& moments : moments_or_zeros(state, moment_count(settings_.optimizer.name))) {
      moments_.emplace_back(moments.begin(), moments.end());
    }
    averages_.clear();
    if (settings_.regularization.ema_decay > 0) {
      averages_.assign(state.eval_parameters().begin(), state.eval_parameters().end());
    }
    step_ = state.step;
  }

  [[nodiscard]] TrainingState state() const override {
    TrainingState state{.parameters = to_float(parameters_),
                        .moments = {},
                        .ema = to_float(averages_),
                        .step = step_};
    std::ranges::transform(moments_, std::back_inserter(state.moments), to_float);
    return state;
  }

  void train(const DataView& data, std::span<const std::uint32_t> order, RunningMetrics& metrics,
             const StepCallback& keep_going) override {
    const cpu::FlushDenormals flush;
    while (metrics.samples < order.size()) {
      const std::size_t left = order.size() - metrics.samples;
      const auto batch = order.subspan(metrics.samples, std::min(settings_.batch_size, left));
      Values gradient = precise_gradients(data, batch, metrics);
      if (settings_.optimizer.clip_norm > 0) {
        clip(gradient);
      }
      const double learning_rate = settings_.schedule.learning_rate(step_);
      const auto step = optimizer_scalars<Real>(settings_.optimizer, learning_rate, ++step_,
                                                settings_.regularization.ema_decay);
      optimizer_step(step, gradient);
      for (std::size_t i = 0; i < averages_.size(); ++i) {
        ema_update(step, parameters_[i], averages_[i]);
      }
      if (!keep_going(metrics)) {
        return;
      }
    }
  }

  [[nodiscard]] std::vector<float> gradients(const DataView& data,
                                             std::span<const std::uint32_t> batch) override {
    const cpu::FlushDenormals flush;
    RunningMetrics metrics;
    return to_float(precise_gradients(data, batch, metrics));
  }

  [[nodiscard]] std::vector<float> predict(const DataView& data,
                                           std::span<const std::uint32_t> indices) override {
    const cpu::FlushDenormals flush;
    const std::size_t classes = settings_.network.classes();
    std::vector<float> probabilities;
    Values row(classes);
    for (const std::uint32_t index : indices) {
      const ForwardPass pass =
          forward(data.image(index), nullptr, averages_.empty() ? parameters_ : averages_);
      softmax(pass.activations.back().data(), classes, row.data());
      std::ranges::copy(to_float(row), std::back_inserter(probabilities));
    }
    return probabilities;
  }

  /// The arena of weights and biases, for finite differences.
  [[nodiscard]] std::span<Real> parameters() { return parameters_; }

  /// As gradients(), not rounded to float; adds the batch to `metrics`.
  [[nodiscard]] Values precise_gradients(const DataView& data, std::span<const std::uint32_t> batch,
                                         RunningMetrics& metrics) const {
    const auto of_slice = [&](std::size_t slice) {
      return slice_gradients(data, batch, first_row(slice, settings_.slices, batch.size()),
                             first_row(slice + 1, settings_.slices, batch.size()), metrics);
    };
    Values sum = of_slice(0);
    for (std::size_t slice = 1; slice < settings_.slices; ++slice) {
      std::ranges::transform(sum, of_slice(slice), sum.begin(), std::plus<Real>());
    }
    return sum;
  }

 private:
  /// Gradient of the mean loss over the batch, of its rows from `first` to `end` only; adds them to
  /// `metrics`.
  [[nodiscard]] Values slice_gradients(const DataView& data, std::span<const std::uint32_t> batch,
                                       std::size_t first, std::size_t end,
                                       RunningMetrics& metrics) const {
    Values gradient(parameters_.size());
    const Real scale = Real{1} / static_cast<Real>(batch.size());
    std::vector<std::uint8_t> distorted(data.features);
    const std::vector<float> soft = soft_labels(settings_, data, batch, step_);
    for (std::size_t row = first; row < end; ++row) {
      std::span<const std::uint8_t> image = data.image(batch[row]);
      if (augmentation_.active()) {
        distort(image.data(), augmentation_.distortion(step_, row), augmentation_.elastic(),
                distorted.data());
        image = distorted;
      }
      const RowRandom random{step_, static_cast<std::uint32_t>(row), settings_.seed};
      const ForwardPass pass = forward(image, &random, parameters_);
      const Values& logits = pass.activations.back();
      const std::size_t label = data.labels[batch[row]];
      Values delta(logits.size());
      metrics.loss_sum += static_cast<double>(loss(logits, label, scale, soft, row, delta));
      metrics.correct += argmax(logits.data(), logits.size()) == label ? 1 : 0;
      metrics.samples += 1;
      backward(pass, std::move(delta), gradient);
    }
    return gradient;
  }

  /// @param soft_labels of all rows of the batch, or none
  [[nodiscard]] Real loss(const Values& logits, std::size_t label, Real scale,
                          std::span<const float> soft_labels, std::size_t row,
                          Values& delta) const {
    Values soft;
    if (!soft_labels.empty()) {
      const auto of_row = soft_labels.subspan(row * logits.size(), logits.size());
      soft.assign(of_row.begin(), of_row.end());
    }
    return row_loss(logits.data(), logits.size(), label, soft.empty() ? nullptr : soft.data(),
                    scale, delta.data(), loss_params<Real>(settings_));
  }

  void optimizer_step(const OptimizerStep<Real>& step, const Values& gradient) {
    with_choice(settings_.optimizer.name, [&](auto constant) {
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        std::array<Real, kMaxMoments> moments{};
        for (std::size_t j = 0; j < moments_.size(); ++j) {
          moments[j] = moments_[j][i];
        }
        optimizer_update<constant.value>(step, gradient[i], parameters_[i], moments.data());
        for (std::size_t j = 0; j < moments_.size(); ++j) {
          moments_[j][i] = moments[j];
        }
      }
    });
  }

  void clip(Values& gradient) const {
    double squares = 0;
    for (const DenseLayer& layer : settings_.network.layers()) {
      squares += sum_of_squares(gradient, layer.weight, layer.inputs);
      squares += sum_of_squares(gradient, layer.bias, 1);
    }
    const Real scale = clip_scale(squares, static_cast<Real>(settings_.optimizer.clip_norm));
    for (Real& value : gradient) {
      value *= scale;
    }
  }

  /// The squares of a tensor's gradients: first of the values of each output, then of all outputs.
  [[nodiscard]] static double sum_of_squares(const Values& gradient, const Tensor& tensor,
                                             std::size_t values) {
    SumOfLanes sum;
    for (std::size_t i = 0; i < tensor.size;) {
      SumOfLanes of_output;
      for (const std::size_t end = i + values; i < end; ++i) {
        const auto value = static_cast<double>(gradient[tensor.offset + i]);
        of_output.add(value * value);
      }
      sum.add(of_output.total());
    }
    return sum.total();
  }

  /// Intermediate results of one image.
  struct ForwardPass {
    std::vector<Values>
        activations;  ///< the input and those of each layer; the last are the logits
    std::vector<Values> derivatives;  ///< d activations / d z of each hidden layer
  };

  /// @param random of a training step's row; nullptr without dropout
  [[nodiscard]] ForwardPass forward(std::span<const std::uint8_t> image, const RowRandom* random,
                                    const Values& parameters) const {
    ForwardPass pass;
    std::ranges::transform(image, std::back_inserter(pass.activations.emplace_back()),
                           normalize<Real>);
    const auto layers = settings_.network.layers();
    for (std::size_t l = 0; l < layers.size(); ++l) {
      Values sums = multiply(layers[l], l == 0, pass.activations.back(), parameters);
      if (l + 1 < layers.size()) {
        pass.derivatives.push_back(apply_activation(l, random, sums));
      }
      pass.activations.push_back(std::move(sums));
    }
    return pass;
  }

  /// z of a layer. The first one's sums begin at the bias and leave out pixels that are zero.
  [[nodiscard]] static Values multiply(const DenseLayer& layer, bool is_first, const Values& inputs,
                                       const Values& parameters) {
    Values sums(layer.outputs);
    for (std::size_t o = 0; o < layer.outputs; ++o) {
      const Real bias = parameters[layer.bias.offset + o];
      Real sum = is_first ? bias : 0;
      for (std::size_t i = 0; i < layer.inputs; ++i) {
        if (!is_first || inputs[i] != 0) {
          sum = mul_add(inputs[i], parameters[layer.weight.offset + o * layer.inputs + i], sum);
        }
      }
      sums[o] = is_first ? sum : sum + bias;
    }
    return sums;
  }

  /// Turns a hidden layer's sums into activations. @return their derivatives
  [[nodiscard]] Values apply_activation(std::size_t layer, const RowRandom* random,
                                        Values& sums) const {
    const Activation activation = settings_.network.activation();
    Values derivatives(sums.size());
    std::array<float, kDropoutGroup> factors;
    factors.fill(1);
    for (std::size_t unit = 0; unit < sums.size(); ++unit) {
      if (random != nullptr && dropout_.active() && unit % kDropoutGroup == 0) {
        dropout_factors(dropout_, *random, layer, unit / kDropoutGroup, factors.data());
      }
      const auto factor = static_cast<Real>(factors[unit % kDropoutGroup]);
      derivatives[unit] = activation_derivative(activation, sums[unit]) * factor;
      sums[unit] = activate(activation, sums[unit]) * factor;
    }
    return derivatives;
  }

  /// Adds one image's gradient; `delta` is the gradient of the loss by the logits.
  void backward(const ForwardPass& pass, Values delta, Values& gradient) const {
    const auto layers = settings_.network.layers();
    for (std::size_t l = layers.size(); l-- > 0;) {
      const DenseLayer& layer = layers[l];
      const Values& inputs = pass.activations[l];
      Values input_gradient(layer.inputs);
      for (std::size_t o = 0; o < layer.outputs; ++o) {
        gradient[layer.bias.offset + o] += delta[o];
        for (std::size_t i = 0; i < layer.inputs; ++i) {
          const std::size_t weight = layer.weight.offset + o * layer.inputs + i;
          if (l > 0 || inputs[i] != 0) {
            gradient[weight] = mul_add(inputs[i], delta[o], gradient[weight]);
          }
          if (l > 0) {
            input_gradient[i] = mul_add(delta[o], parameters_[weight], input_gradient[i]);
          }
        }
      }
      if (l > 0) {
        std::ranges::transform(input_gradient, pass.derivatives[l - 1], input_gradient.begin(),
                               std::multiplies<Real>());
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
  Dropout dropout_;
  Values parameters_;
  std::vector<Values> moments_;
  Values averages_;
  std::uint64_t step_ = 0;
};

}  // namespace qmnist
