#include "host/engines/cuda/fixed_order_network.h"

#include <span>
#include <stdexcept>

#include "host/engines/cuda/nvtx_range.h"
#include "kernels/ordered_clip.h"
#include "kernels/row_step.h"
#include "kernels/sparse_forward.h"
#include "kernels/tile_layer.h"
#include "kernels/weight_update.h"

namespace qmnist::cuda {
namespace {

/// The first layer from which on all layers' weights and a row's values fit into shared memory.
std::size_t first_row_layer(std::span<const DenseLayer> layers) {
  for (std::size_t first = 0; first < layers.size(); ++first) {
    RowLayers rows;
    for (const DenseLayer& layer : layers.subspan(first)) {
      rows.add({.outputs = layer.outputs});
    }
    if (rows.floats <= kRowStepFloats) {
      return first;
    }
  }
  throw std::length_error("a network with too many classes");
}

std::span<const DenseLayer> checked(std::span<const DenseLayer> layers) {
  if (layers.size() > kMaxLayers) {
    throw std::length_error("a network with too many layers");
  }
  return layers;
}

/// Doubles to work with where gradients are clipped.
std::size_t clip_doubles(std::span<const DenseLayer> layers) {
  UpdateLayers update;
  for (const DenseLayer& layer : layers) {
    update.add({.input_count = layer.inputs, .output_count = layer.outputs});
  }
  return unit_squares_for(update);
}

}  // namespace

FixedOrderNetwork::FixedOrderNetwork(const EngineSettings& settings, std::size_t max_rows,
                                     cudaStream_t stream)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      activation_(settings.network.activation()),
      dropout_(settings.regularization.dropout),
      label_smoothing_(static_cast<float>(settings.regularization.label_smoothing)),
      optimizer_(settings.optimizer.name),
      clip_norm_(static_cast<float>(settings.optimizer.clip_norm)),
      stream_(stream),
      row_layer_(first_row_layer(checked(layers_))),
      arenas_(settings, WeightLayout::kInputsOutputs, stream),
      losses_(settings.batch_size),
      correct_(settings.batch_size),
      unit_squares_(clip_doubles(layers_)),
      gradient_scale_(1) {
  for (const DenseLayer& layer : layers_) {
    activations_.emplace_back(max_rows * layer.outputs);
    if (settings.is_training) {
      derivatives_.emplace_back(settings.batch_size * layer.outputs);
      deltas_.emplace_back(settings.batch_size * layer.outputs);
    }
  }
}

RowLayers FixedOrderNetwork::row_layers(float* parameters, bool trains) {
  RowLayers rows;
  for (std::size_t l = row_layer_; l < layers_.size(); ++l) {
    const bool has_activations = trains || l == row_layer_;
    rows.add({.outputs = layers_[l].outputs,
              .weights = parameters + layers_[l].weight.offset,
              .bias = parameters + layers_[l].bias.offset,
              .activations = has_activations ? activations_[l].data() : nullptr,
              .deltas = trains ? deltas_[l].data() : nullptr});
  }
  return rows;
}

UpdateLayers FixedOrderNetwork::update_layers(const float* inputs) {
  UpdateLayers update;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    update.add({.inputs = l == 0 ? inputs : activations_[l - 1].data(),
                .deltas = deltas_[l].data(),
                .input_count = layers_[l].inputs,
                .output_count = layers_[l].outputs,
                .weight_at = layers_[l].weight.offset,
                .bias_at = layers_[l].bias.offset,
                .skips_zeros = l == 0,
                .is_bias_only = l > 0 && l <= row_layer_});
  }
  return update;
}

void FixedOrderNetwork::forward(const float* inputs, std::size_t rows, const RowRandom* random) {
  const NvtxRange range("forward");
  const float* parameters = random == nullptr ? arenas_.eval_parameters() : arenas_.parameters();
  for (std::size_t l = 0; l <= row_layer_; ++l) {
    const ForwardLayer layer{.inputs = l == 0 ? inputs : activations_[l - 1].data(),
                             .weights = parameters + layers_[l].weight.offset,
                             .bias = parameters + layers_[l].bias.offset,
                             .activations = activations_[l].data(),
                             .derivatives = random == nullptr ? nullptr : derivatives_[l].data(),
                             .input_count = layers_[l].inputs,
                             .output_count = layers_[l].outputs,
                             .is_last = is_last(l),
                             .units = {activation_, dropout_, l},
                             .random = random};
    QMNIST_CHECK(l == 0 ? launch_sparse_forward(stream_, layer, rows)
                        : launch_tile_forward(stream_, layer, rows));
  }
}

void FixedOrderNetwork::backward(const std::uint8_t* labels, std::size_t rows,
                                 const RowRandom* random) {
  const NvtxRange range("backward");
  const RowStep step{.layers = row_layers(arenas_.parameters(), true),
                     .units = {activation_, dropout_, row_layer_},
                     .derivatives = is_last(row_layer_) ? nullptr : derivatives_[row_layer_].data(),
                     .random = random,
                     .labels = labels,
                     .smoothing = label_smoothing_,
                     .losses = losses_.data(),
                     .correct = correct_.data(),
                     .probabilities = nullptr};
  QMNIST_CHECK(launch_row_step(stream_, step, rows));
  for (std::size_t l = row_layer_; l > 0; --l) {
    QMNIST_CHECK(launch_tile_backward(stream_, deltas_[l].data(),
                                      arenas_.parameters() + layers_[l].weight.offset,
                                      derivatives_[l - 1].data(), deltas_[l - 1].data(), rows,
                                      layers_[l].inputs, layers_[l].outputs));
  }
}

void FixedOrderNetwork::update(const float* inputs, std::size_t rows, const GradientUse& use,
                               DeviceMetrics* metrics) {
  const NvtxRange range("update");
  for (std::size_t l = 1; l <= row_layer_; ++l) {
    QMNIST_CHECK(launch_tile_update(stream_, activations_[l - 1].data(), deltas_[l].data(), use,
                                    layers_[l].weight.offset, rows, layers_[l].inputs,
                                    layers_[l].outputs));
  }
  QMNIST_CHECK(launch_weight_update(stream_, update_layers(inputs), use,
                                    {losses_.data(), correct_.data(), metrics}, rows));
}

void FixedOrderNetwork::clipped_step(const UpdateLayers& layers, const OptimizerStep<float>* step) {
  OptimizerArenas arenas = arenas_.for_optimizer();
  QMNIST_CHECK(launch_ordered_clip_scale(stream_, layers, arenas.gradients, clip_norm_,
                                         unit_squares_.data(), gradient_scale_.data()));
  arenas.gradient_scale = gradient_scale_.data();
  QMNIST_CHECK(launch_optimizer(stream_, optimizer_, step, arenas, arenas_.size()));
}

void FixedOrderNetwork::train_step(const float* inputs, const std::uint8_t* labels,
                                   std::size_t rows, const StepParams* step,
                                   DeviceMetrics* metrics) {
  forward(inputs, rows, &step->random);
  backward(labels, rows, &step->random);
  if (clip_norm_ > 0) {
    update(inputs, rows, {.gradients = arenas_.gradients()}, metrics);
    clipped_step(update_layers(inputs), &step->update);
    return;
  }
  const OptimizerArenas arenas = arenas_.for_optimizer();
  GradientUse use{.optimizer = optimizer_,
                  .step = &step->update,
                  .parameters = arenas.parameters,
                  .ema = arenas.ema};
  for (std::size_t i = 0; i < kMaxMoments; ++i) {
    use.moments[i] = arenas.moments[i];
  }
  update(inputs, rows, use, metrics);
}

std::vector<float> FixedOrderNetwork::gradients(const float* inputs, const std::uint8_t* labels,
                                                std::size_t rows, const RowRandom* random,
                                                DeviceMetrics* metrics) {
  forward(inputs, rows, random);
  backward(labels, rows, random);
  update(inputs, rows, {.gradients = arenas_.gradients()}, metrics);
  return arenas_.download_gradients();
}

const float* FixedOrderNetwork::predict(const float* inputs, std::size_t rows) {
  forward(inputs, rows, nullptr);
  float* probabilities = activations_.back().data();
  const RowStep step{.layers = row_layers(arenas_.eval_parameters(), false),
                     .units = {activation_, dropout_, row_layer_},
                     .derivatives = nullptr,
                     .random = nullptr,
                     .labels = nullptr,
                     .smoothing = 0,
                     .losses = nullptr,
                     .correct = nullptr,
                     .probabilities = probabilities};
  QMNIST_CHECK(launch_row_step(stream_, step, rows));
  return probabilities;
}

}  // namespace qmnist::cuda
