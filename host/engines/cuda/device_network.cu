#include "host/engines/cuda/device_network.h"
#include "host/engines/cuda/nvtx_range.h"
#include "kernels/activation_backward.h"
#include "kernels/bias_activation.h"
#include "kernels/clip.h"
#include "kernels/softmax.h"

namespace qmnist::cuda {

DeviceNetwork::DeviceNetwork(const EngineSettings& settings, std::size_t max_rows,
                             cudaStream_t stream)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      activation_(settings.network.activation()),
      dropout_(settings.regularization.dropout),
      label_smoothing_(static_cast<float>(settings.regularization.label_smoothing)),
      optimizer_(settings.optimizer.name),
      clip_norm_(static_cast<float>(settings.optimizer.clip_norm)),
      arena_size_(settings.network.arena_size()),
      stream_(stream),
      gemm_(stream, settings.math),
      squares_(kClipBlocks),
      parameters_(arena_size_),
      gradients_(arena_size_) {
  for (std::size_t i = 0; i < moment_count(optimizer_); ++i) {
    moments_.emplace_back(arena_size_);
  }
  if (settings.regularization.ema_decay > 0) {
    ema_.emplace(arena_size_);
  }
  // Gradients of the gaps between tensors are never written and must be zero.
  QMNIST_CHECK(cudaMemsetAsync(gradients_.data(), 0, gradients_.bytes(), stream));
  for (const DenseLayer& layer : layers_) {
    activations_.emplace_back(max_rows * layer.outputs);
    derivatives_.emplace_back(max_rows * layer.outputs);
    deltas_.emplace_back(max_rows * layer.outputs);
  }
}

void DeviceNetwork::forward(const float* inputs, std::size_t rows, const RowRandom* random) {
  const NvtxRange range("forward");
  const bool predicts = random == nullptr;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const DenseLayer& layer = layers_[l];
    float* outputs = activations_[l].data();
    gemm_.multiply(
        rows, layer.outputs, layer.inputs, {inputs, layer.inputs},
        {(predicts ? eval_parameters(layer.weight) : parameters(layer.weight)), layer.inputs, true},
        outputs);
    if (l + 1 < layers_.size()) {
      QMNIST_CHECK(
          launch_bias_activation(stream_, outputs, derivatives_[l].data(),
                                 predicts ? eval_parameters(layer.bias) : parameters(layer.bias),
                                 {activation_, dropout_, l}, random, rows, layer.outputs));
    }
    inputs = outputs;
  }
}

void DeviceNetwork::backward(const float* inputs, std::size_t rows) {
  const NvtxRange range("backward");
  for (std::size_t l = layers_.size(); l-- > 1;) {
    const DenseLayer& layer = layers_[l];
    const DenseLayer& below = layers_[l - 1];
    multiply_weight_gradient(l, activations_[l - 1].data(), rows);
    gemm_.multiply(rows, layer.inputs, layer.outputs, {deltas_[l].data(), layer.outputs},
                   {parameters(layer.weight), layer.inputs}, deltas_[l - 1].data());
    QMNIST_CHECK(launch_activation_backward(stream_, derivatives_[l - 1].data(),
                                            deltas_[l - 1].data(), gradients(below.bias), rows,
                                            below.outputs));
  }
  multiply_weight_gradient(0, inputs, rows);
}

void DeviceNetwork::multiply_weight_gradient(std::size_t l, const float* inputs, std::size_t rows) {
  const DenseLayer& layer = layers_[l];
  gemm_.multiply(layer.outputs, layer.inputs, rows, {deltas_[l].data(), layer.outputs, true},
                 {inputs, layer.inputs}, gradients(layer.weight));
}

void DeviceNetwork::forward_backward(const float* inputs, const std::uint8_t* labels,
                                     std::size_t rows, const RowRandom* random,
                                     DeviceMetrics* metrics) {
  forward(inputs, rows, random);
  const DenseLayer& last = layers_.back();
  QMNIST_CHECK(launch_softmax_cross_entropy(
      stream_, activations_.back().data(), parameters(last.bias), labels, deltas_.back().data(),
      gradients(last.bias), metrics, label_smoothing_, rows, last.outputs));
  backward(inputs, rows);
}

void DeviceNetwork::optimizer_step(const OptimizerStep<float>* step) {
  const NvtxRange range("optimizer step");
  if (clip_norm_ > 0) {
    QMNIST_CHECK(launch_clip(stream_, gradients_.data(), clip_norm_, squares_.data(), arena_size_));
  }
  OptimizerArenas arenas{
      .gradients = gradients_.data(), .parameters = parameters_.data(), .moments = {}};
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    arenas.moments[i] = moments_[i].data();
  }
  QMNIST_CHECK(launch_optimizer(stream_, optimizer_, step, arenas, arena_size_));
  if (ema_) {
    QMNIST_CHECK(launch_ema_update(stream_, step, parameters_.data(), ema_->data(), arena_size_));
  }
}

const float* DeviceNetwork::predict(const float* inputs, std::size_t rows) {
  forward(inputs, rows, nullptr);
  const DenseLayer& last = layers_.back();
  float* outputs = activations_.back().data();
  QMNIST_CHECK(
      launch_bias_softmax(stream_, outputs, eval_parameters(last.bias), rows, last.outputs));
  return outputs;
}

void DeviceNetwork::score(const float* probabilities, const std::uint8_t* labels, std::size_t rows,
                          Score* scores, unsigned long long* confusion) {
  QMNIST_CHECK(launch_score(stream_, probabilities, labels, scores, confusion, rows,
                            layers_.back().outputs));
}

void DeviceNetwork::set_state(const TrainingState& state) {
  upload(state.parameters, parameters_);
  const auto moments = moments_or_zeros(state, moments_.size());
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    upload(moments[i], moments_[i]);
  }
  if (ema_) {
    upload(state.eval_parameters(), *ema_);
  }
  QMNIST_CHECK(cudaStreamSynchronize(stream_));
}

void DeviceNetwork::get_state(TrainingState& state) const {
  state.parameters = download(parameters_);
  state.moments.clear();
  for (const DeviceBuffer<float>& moments : moments_) {
    state.moments.push_back(download(moments));
  }
  if (ema_) {
    state.ema = download(*ema_);
  }
}

std::vector<float> DeviceNetwork::gradients() const {
  return download(gradients_);
}

void DeviceNetwork::upload(const std::vector<float>& values, DeviceBuffer<float>& arena) {
  QMNIST_CHECK(
      cudaMemcpyAsync(arena.data(), values.data(), arena.bytes(), cudaMemcpyHostToDevice, stream_));
}

std::vector<float> DeviceNetwork::download(const DeviceBuffer<float>& arena) const {
  std::vector<float> values(arena.size());
  // Copies to pageable memory are complete when the call returns.
  QMNIST_CHECK(
      cudaMemcpyAsync(values.data(), arena.data(), arena.bytes(), cudaMemcpyDeviceToHost, stream_));
  return values;
}

}  // namespace qmnist::cuda
