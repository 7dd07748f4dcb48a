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

static_assert(kMaxLayers == kMaxHidden + 1);

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
                                     cudaStream_t stream, NetworkBlocks& blocks, DeviceWorld* world)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      activation_(settings.network.activation()),
      optimizer_(settings.optimizer.name),
      clips_(settings.optimizer.clip_norm > 0),
      slices_(settings.slices),
      stream_(stream),
      row_layer_(first_row_layer(layers_)),
      arenas_(settings, WeightLayout::kInputsOutputs, stream, blocks),
      losses_(blocks, settings.batch_size),
      correct_(blocks, settings.batch_size),
      unit_squares_(blocks, clips_ ? clip_doubles(layers_) : 0),
      gradient_scale_(blocks, 1) {
  for (const DenseLayer& layer : layers_) {
    activations_.emplace_back(blocks, max_rows * layer.outputs);
    if (settings.is_training) {
      derivatives_.emplace_back(blocks, settings.batch_size * layer.outputs);
      deltas_.emplace_back(blocks, settings.batch_size * layer.outputs);
    }
  }
  if (world != nullptr) {
    exchange_.emplace(*world, settings, stream, blocks);
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

UpdateLayers FixedOrderNetwork::update_layers(const float* inputs, std::size_t row) {
  UpdateLayers update;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    update.add({.inputs = (l == 0 ? inputs : activations_[l - 1].data()) + row * layers_[l].inputs,
                .deltas = deltas_[l].data() + row * layers_[l].outputs,
                .input_count = layers_[l].inputs,
                .output_count = layers_[l].outputs,
                .weight_at = layers_[l].weight.offset,
                .bias_at = layers_[l].bias.offset,
                .skips_zeros = l == 0,
                .is_bias_only = l > 0 && l <= row_layer_});
  }
  return update;
}

void FixedOrderNetwork::forward(const Batch& batch) {
  const NvtxRange range("forward");
  const bool trains = batch.step != nullptr;
  const float* parameters = trains ? arenas_.parameters() : arenas_.eval_parameters();
  for (std::size_t l = 0; l <= row_layer_; ++l) {
    const ForwardLayer layer{.inputs = l == 0 ? batch.inputs : activations_[l - 1].data(),
                             .weights = parameters + layers_[l].weight.offset,
                             .bias = parameters + layers_[l].bias.offset,
                             .activations = activations_[l].data(),
                             .derivatives = trains ? derivatives_[l].data() : nullptr,
                             .input_count = layers_[l].inputs,
                             .output_count = layers_[l].outputs,
                             .is_last = is_last(l),
                             .activation = activation_,
                             .index = l,
                             .step = batch.step,
                             .shares_inputs = l == 0 && !trains};
    QMNIST_CHECK(l == 0 ? launch_sparse_forward(stream_, layer, batch.rows, batch.networks)
                        : launch_tile_forward(stream_, layer, batch.rows, batch.networks));
  }
}

void FixedOrderNetwork::backward(const Batch& batch, const Targets& targets, std::size_t first) {
  const NvtxRange range("backward");
  const RowStep step{.layers = row_layers(arenas_.parameters(), true),
                     .activation = activation_,
                     .index = row_layer_,
                     .derivatives = is_last(row_layer_) ? nullptr : derivatives_[row_layer_].data(),
                     .step = batch.step,
                     .targets = targets,
                     .losses = losses_.data() + first,
                     .correct = correct_.data() + first,
                     .batch_rows = batch.all_rows,
                     .probabilities = nullptr};
  QMNIST_CHECK(launch_row_step(stream_, step, batch.rows, batch.networks));
  for (std::size_t l = row_layer_; l > 0; --l) {
    QMNIST_CHECK(launch_tile_backward(stream_, deltas_[l].data(),
                                      arenas_.parameters() + layers_[l].weight.offset,
                                      derivatives_[l - 1].data(), deltas_[l - 1].data(), batch.rows,
                                      layers_[l].inputs, layers_[l].outputs, batch.networks));
  }
}

RowResults FixedOrderNetwork::results(std::size_t row, DeviceMetrics* metrics) const {
  return {losses_.data() + row, correct_.data() + row, metrics};
}

void FixedOrderNetwork::update(const Batch& batch, Range rows, const GradientUse& use,
                               DeviceMetrics* metrics) {
  const NvtxRange range("update");
  for (std::size_t l = 1; l <= row_layer_; ++l) {
    QMNIST_CHECK(launch_tile_update(
        stream_, activations_[l - 1].data() + rows.begin * layers_[l].inputs,
        deltas_[l].data() + rows.begin * layers_[l].outputs, use, layers_[l].weight.offset,
        rows.size(), layers_[l].inputs, layers_[l].outputs, batch.networks));
  }
  QMNIST_CHECK(launch_weight_update(stream_, update_layers(batch.inputs, rows.begin), use,
                                    results(rows.begin, metrics), rows.size(), batch.networks));
}

void FixedOrderNetwork::optimizer_step(const Batch& batch) {
  OptimizerArenas arenas = arenas_.for_optimizer();
  if (clips_) {
    QMNIST_CHECK(launch_ordered_clip_scale(stream_, update_layers(batch.inputs),
                                           arenas_.gradients(), batch.step, unit_squares_.data(),
                                           gradient_scale_.data(), batch.networks));
    arenas.gradient_scale = gradient_scale_.data();
  }
  QMNIST_CHECK(launch_optimizer(stream_, optimizer_, &batch.step->update, arenas,
                                arenas_.share_size(), batch.networks));
}

void FixedOrderNetwork::train_step(const float* inputs, const Targets& targets, std::size_t rows,
                                   const StepParams* step, DeviceMetrics* metrics,
                                   const NetworkSet& networks) {
  const Batch batch{inputs, rows, rows, step, networks};
  if (exchange_) {
    train_step_of_ranks(batch, targets, metrics);
    return;
  }
  if (clips_ || slices_ > 1) {
    compute_gradients(inputs, targets, rows, step, metrics, networks);
    optimizer_step(batch);
    return;
  }
  forward(batch);
  backward(batch, targets, 0);
  const OptimizerArenas arenas = arenas_.for_optimizer();
  GradientUse use{.optimizer = optimizer_,
                  .step = &step->update,
                  .parameters = arenas.parameters,
                  .ema = arenas.ema};
  for (std::size_t i = 0; i < kMaxMoments; ++i) {
    use.moments[i] = arenas.moments[i];
  }
  update(batch, {0, rows}, use, metrics);
}

void FixedOrderNetwork::train_step_of_ranks(const Batch& batch, const Targets& targets,
                                            DeviceMetrics* metrics) {
  const Range rows = exchange_->rows_of_batch(batch.all_rows);
  const Batch own{batch.inputs + rows.begin * layers_.front().inputs, rows.size(), batch.all_rows,
                  batch.step, batch.networks};
  if (own.rows > 0) {
    forward(own);
    backward(own, targets.from(rows.begin, layers_.back().outputs), rows.begin);
  }
  for (std::size_t i = 0; i < exchange_->slices(); ++i) {
    const std::size_t slice = exchange_->first_slice() + i;
    const Range of_slice{first_row(slice, slices_, own.all_rows) - rows.begin,
                         first_row(slice + 1, slices_, own.all_rows) - rows.begin};
    update(own, of_slice, {.gradients = arenas_.gradients()}, nullptr);
    exchange_->put_slice(i, arenas_.gradients());
  }
  exchange_->sum_slices(arenas_.gradients());
  if (clips_) {
    exchange_->gather(arenas_.gradients());
  }
  optimizer_step(own);
  exchange_->gather(arenas_.parameters());
  exchange_->gather_rows(losses_.data(), correct_.data(), own.all_rows);
  QMNIST_CHECK(launch_metrics(stream_, results(0, metrics), own.all_rows, own.networks));
}

void FixedOrderNetwork::end_steps() {
  if (exchange_ && arenas_.has_ema()) {
    exchange_->gather(arenas_.ema());
  }
}

void FixedOrderNetwork::compute_gradients(const float* inputs, const Targets& targets,
                                          std::size_t rows, const StepParams* step,
                                          DeviceMetrics* metrics, const NetworkSet& networks) {
  const Batch batch{inputs, rows, rows, step, networks};
  forward(batch);
  backward(batch, targets, 0);
  for (std::size_t slice = 0; slice < slices_; ++slice) {
    update(batch, {first_row(slice, slices_, rows), first_row(slice + 1, slices_, rows)},
           {.gradients = arenas_.gradients(), .adds = slice > 0}, metrics);
  }
}

const float* FixedOrderNetwork::predict(const float* inputs, std::size_t rows,
                                        const NetworkSet& networks) {
  forward({inputs, rows, rows, nullptr, networks});
  float* probabilities = activations_.back().data();
  const RowStep step{.layers = row_layers(arenas_.eval_parameters(), false),
                     .activation = activation_,
                     .index = row_layer_,
                     .derivatives = nullptr,
                     .step = nullptr,
                     .targets = {nullptr},
                     .losses = nullptr,
                     .correct = nullptr,
                     .batch_rows = rows,
                     .probabilities = probabilities};
  QMNIST_CHECK(launch_row_step(stream_, step, rows, networks));
  return probabilities;
}

}  // namespace qmnist::cuda
