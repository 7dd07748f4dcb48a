#include <algorithm>
#include <span>

#include "host/engines/cuda/cublas_network.h"
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

CublasNetwork::CublasNetwork(const EngineSettings& settings, std::size_t max_rows,
                             cudaStream_t stream, NetworkBlocks& blocks)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      activation_(settings.network.activation()),
      dropout_(settings.regularization.dropout),
      loss_(loss_params<float>(settings)),
      optimizer_(settings.optimizer.name),
      clip_norm_(static_cast<float>(settings.optimizer.clip_norm)),
      stream_(stream),
      gemm_(stream, settings.math),
      squares_(kClipBlocks),
      gradient_scale_(1),
      tile_sums_(tiles_for(settings.batch_size) * widest(layers_)),
      tile_metrics_(tiles_for(settings.batch_size)),
      arenas_(settings, WeightLayout::kOutputsInputs, stream, blocks) {
  for (const DenseLayer& layer : layers_) {
    activations_.emplace_back(max_rows * layer.outputs);
    if (settings.is_training) {
      derivatives_.emplace_back(settings.batch_size * layer.outputs);
      deltas_.emplace_back(settings.batch_size * layer.outputs);
    }
  }
}

void CublasNetwork::forward(const float* inputs, std::size_t rows, const RowRandom* random) {
  const NvtxRange range("forward");
  const float* weights = random == nullptr ? arenas_.eval_parameters() : arenas_.parameters();
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

void CublasNetwork::backward(const float* inputs, std::size_t rows) {
  const NvtxRange range("backward");
  for (std::size_t l = layers_.size(); l-- > 1;) {
    const DenseLayer& layer = layers_[l];
    const DenseLayer& below = layers_[l - 1];
    multiply_weight_gradient(l, activations_[l - 1].data(), rows);
    gemm_.multiply(rows, layer.inputs, layer.outputs, {deltas_[l].data(), layer.outputs},
                   {arenas_.parameters() + layer.weight.offset, layer.inputs},
                   deltas_[l - 1].data());
    QMNIST_CHECK(launch_activation_backward(
        stream_, derivatives_[l - 1].data(), deltas_[l - 1].data(),
        arenas_.gradients() + below.bias.offset, tile_sums_.data(), rows, below.outputs));
  }
  multiply_weight_gradient(0, inputs, rows);
}

void CublasNetwork::multiply_weight_gradient(std::size_t l, const float* inputs, std::size_t rows) {
  const DenseLayer& layer = layers_[l];
  gemm_.multiply(layer.outputs, layer.inputs, rows, {deltas_[l].data(), layer.outputs, true},
                 {inputs, layer.inputs}, arenas_.gradients() + layer.weight.offset);
}

void CublasNetwork::compute_gradients(const float* inputs, const Targets& targets, std::size_t rows,
                                      const StepParams* step, DeviceMetrics* metrics,
                                      const NetworkSet& /*one*/) {
  forward(inputs, rows, &step->random);
  const DenseLayer& last = layers_.back();
  QMNIST_CHECK(launch_softmax_cross_entropy(
      stream_, activations_.back().data(), arenas_.parameters() + last.bias.offset, targets,
      deltas_.back().data(), arenas_.gradients() + last.bias.offset, metrics,
      {tile_sums_.data(), tile_metrics_.data()}, loss_, rows, last.outputs));
  backward(inputs, rows);
}

void CublasNetwork::optimizer_step(const OptimizerStep<float>* step) {
  const NvtxRange range("optimizer step");
  OptimizerArenas arenas = arenas_.for_optimizer();
  if (clip_norm_ > 0) {
    QMNIST_CHECK(launch_clip_scale(stream_, arenas.gradients, clip_norm_, squares_.data(),
                                   gradient_scale_.data(), arenas_.share_size()));
    arenas.gradient_scale = gradient_scale_.data();
  }
  QMNIST_CHECK(launch_optimizer(stream_, optimizer_, step, arenas, arenas_.share_size()));
}

const float* CublasNetwork::predict(const float* inputs, std::size_t rows,
                                    const NetworkSet& /*one*/) {
  forward(inputs, rows, nullptr);
  const DenseLayer& last = layers_.back();
  float* outputs = activations_.back().data();
  QMNIST_CHECK(launch_bias_softmax(stream_, outputs, arenas_.eval_parameters() + last.bias.offset,
                                   rows, last.outputs));
  return outputs;
}

void CublasNetwork::train_step(const float* inputs, const Targets& targets, std::size_t rows,
                               const StepParams* step, DeviceMetrics* metrics,
                               const NetworkSet& networks) {
  compute_gradients(inputs, targets, rows, step, metrics, networks);
  optimizer_step(&step->update);
}

}  // namespace qmnist::cuda
