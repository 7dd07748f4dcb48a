#include <algorithm>
#include <span>

#include "host/engines/cuda/device_network.h"
#include "host/engines/cuda/nvtx_range.h"
#include "kernels/activation_backward.h"
#include "kernels/bias_activation.h"
#include "kernels/clip.h"
#include "kernels/softmax.h"

namespace qmnist::cuda {
namespace {

std::size_t widest(std::span<const DenseLayer> layers) {
  return std::ranges::max(layers, {}, &DenseLayer::outputs).outputs;
}

}  // namespace

DeviceNetwork::DeviceNetwork(const EngineSettings& settings, std::size_t max_rows,
                             cudaStream_t stream)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      activation_(settings.network.activation()),
      dropout_(settings.regularization.dropout),
      label_smoothing_(static_cast<float>(settings.regularization.label_smoothing)),
      optimizer_(settings.optimizer.name),
      is_training_(settings.is_training),
      moments_(is_training_ ? moment_count(optimizer_) : 0),
      has_ema_(is_training_ && settings.regularization.ema_decay > 0),
      clip_norm_(static_cast<float>(settings.optimizer.clip_norm)),
      arena_size_(settings.network.arena_size()),
      stream_(stream),
      gemm_(stream, settings.math),
      squares_(kClipBlocks),
      gradient_scale_(1),
      tile_sums_(tiles_for(settings.batch_size) * widest(layers_)),
      tile_metrics_(tiles_for(settings.batch_size)),
      arenas_((1 + moments_ + (is_training_ ? 1 : 0) + (has_ema_ ? 1 : 0)) * arena_size_) {
  for (const DenseLayer& layer : layers_) {
    activations_.emplace_back(max_rows * layer.outputs);
  }
  if (is_training_) {
    // Gradients of the gaps between tensors are never written and must be zero.
    QMNIST_CHECK(cudaMemsetAsync(gradients(), 0, arena_size_ * sizeof(float), stream));
    for (const DenseLayer& layer : layers_) {
      derivatives_.emplace_back(settings.batch_size * layer.outputs);
      deltas_.emplace_back(settings.batch_size * layer.outputs);
    }
  }
}

void DeviceNetwork::forward(const float* inputs, std::size_t rows, const RowRandom* random) {
  const NvtxRange range("forward");
  const float* weights = random == nullptr ? eval_parameters() : parameters();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const DenseLayer& layer = layers_[l];
    float* outputs = activations_[l].data();
    gemm_.multiply(rows, layer.outputs, layer.inputs, {inputs, layer.inputs},
                   {weights + layer.weight.offset, layer.inputs, true}, outputs);
    if (l + 1 < layers_.size()) {
      float* derivatives = random == nullptr ? nullptr : derivatives_[l].data();
      QMNIST_CHECK(launch_bias_activation(stream_, outputs, derivatives,
                                          weights + layer.bias.offset, {activation_, dropout_, l},
                                          random, rows, layer.outputs));
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
                   {parameters() + layer.weight.offset, layer.inputs}, deltas_[l - 1].data());
    QMNIST_CHECK(launch_activation_backward(stream_, derivatives_[l - 1].data(),
                                            deltas_[l - 1].data(), gradients() + below.bias.offset,
                                            tile_sums_.data(), rows, below.outputs));
  }
  multiply_weight_gradient(0, inputs, rows);
}

void DeviceNetwork::multiply_weight_gradient(std::size_t l, const float* inputs, std::size_t rows) {
  const DenseLayer& layer = layers_[l];
  gemm_.multiply(layer.outputs, layer.inputs, rows, {deltas_[l].data(), layer.outputs, true},
                 {inputs, layer.inputs}, gradients() + layer.weight.offset);
}

void DeviceNetwork::forward_backward(const float* inputs, const std::uint8_t* labels,
                                     std::size_t rows, const RowRandom* random,
                                     DeviceMetrics* metrics) {
  forward(inputs, rows, random);
  const DenseLayer& last = layers_.back();
  QMNIST_CHECK(launch_softmax_cross_entropy(
      stream_, activations_.back().data(), parameters() + last.bias.offset, labels,
      deltas_.back().data(), gradients() + last.bias.offset, metrics,
      {tile_sums_.data(), tile_metrics_.data()}, label_smoothing_, rows, last.outputs));
  backward(inputs, rows);
}

void DeviceNetwork::optimizer_step(const OptimizerStep<float>* step) {
  const NvtxRange range("optimizer step");
  OptimizerArenas arenas{.gradients = gradients(),
                         .parameters = parameters(),
                         .moments = {},
                         .ema = has_ema_ ? ema() : nullptr};
  for (std::size_t i = 0; i < moments_; ++i) {
    arenas.moments[i] = moments(i);
  }
  if (clip_norm_ > 0) {
    QMNIST_CHECK(launch_clip_scale(stream_, gradients(), clip_norm_, squares_.data(),
                                   gradient_scale_.data(), arena_size_));
    arenas.gradient_scale = gradient_scale_.data();
  }
  QMNIST_CHECK(launch_optimizer(stream_, optimizer_, step, arenas, arena_size_));
}

const float* DeviceNetwork::predict(const float* inputs, std::size_t rows) {
  forward(inputs, rows, nullptr);
  const DenseLayer& last = layers_.back();
  float* outputs = activations_.back().data();
  QMNIST_CHECK(launch_bias_softmax(stream_, outputs, eval_parameters() + last.bias.offset, rows,
                                   last.outputs));
  return outputs;
}

void DeviceNetwork::score(const float* probabilities, const std::uint8_t* labels, std::size_t rows,
                          Score* scores, unsigned long long* confusion) {
  QMNIST_CHECK(launch_score(stream_, probabilities, labels, scores, confusion, rows,
                            layers_.back().outputs));
}

void DeviceNetwork::set_state(const TrainingState& state) {
  upload(is_training_ ? state.parameters : state.eval_parameters(), parameters());
  const Arenas start = is_training_ ? moments_or_zeros(state, moments_) : Arenas{};
  for (std::size_t i = 0; i < start.size(); ++i) {
    upload(start[i], moments(i));
  }
  if (has_ema_) {
    upload(state.eval_parameters(), ema());
  }
  QMNIST_CHECK(cudaStreamSynchronize(stream_));
}

void DeviceNetwork::get_state(TrainingState& state) const {
  const std::vector<float> arenas = download(0, 1 + moments_);
  const auto arena_values = [&](std::size_t index) {
    const auto values = std::span(arenas).subspan(index * arena_size_, arena_size_);
    return std::vector<float>(values.begin(), values.end());
  };
  state.parameters = arena_values(0);
  state.moments.clear();
  for (std::size_t i = 0; i < moments_; ++i) {
    state.moments.push_back(arena_values(1 + i));
  }
  if (has_ema_) {
    state.ema = download(2 + moments_, 1);
  }
}

std::vector<float> DeviceNetwork::download_gradients() const {
  return download(1 + moments_, 1);
}

void DeviceNetwork::upload(const std::vector<float>& values, float* arena) {
  QMNIST_CHECK(cudaMemcpyAsync(arena, values.data(), arena_size_ * sizeof(float),
                               cudaMemcpyHostToDevice, stream_));
}

std::vector<float> DeviceNetwork::download(std::size_t first_arena, std::size_t count) const {
  std::vector<float> values(count * arena_size_);
  // Copies to pageable memory are complete when the call returns.
  QMNIST_CHECK(cudaMemcpyAsync(values.data(), arenas_.data() + first_arena * arena_size_,
                               values.size() * sizeof(float), cudaMemcpyDeviceToHost, stream_));
  return values;
}

}  // namespace qmnist::cuda
