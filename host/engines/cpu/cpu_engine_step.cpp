#include <algorithm>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/distort_image.h"
#include "host/engines/cpu/prefetch.h"
#include "host/engines/cpu/softmax_rows.h"
#include "host/engines/cpu/sparse_layer.h"

namespace qmnist::cpu {
void CpuEngine::distort_batch(const DataView& data, const Batch& batch, std::uint64_t step,
                              std::size_t thread, std::size_t num_threads) {
  const Range rows = share(batch.images.size(), thread, num_threads);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    if (row + 1 < rows.end) {
      prefetch(data.image(batch.images[row + 1]));
    }
    distort_image(data.image(batch.images[row]).data(),
                  augmentation_.distortion(step, batch.first_row + row), augmentation_.elastic(),
                  distorted_.data() + row * data.features);
  }
}

void CpuEngine::load_batch(SparseBatch& sparse_batch, const DataView& data, Indices batch,
                           Indices next, std::size_t thread, std::size_t num_threads) {
  const Range tiles = share(sparse_batch.tiles(), thread, num_threads);
  sparse_batch.load(data, batch, next, tiles);
  const std::size_t end = std::min(tiles.end * SparseBatch::kTile, was_nonzero_.size());
  for (std::size_t pixel = tiles.begin * SparseBatch::kTile; pixel < end; ++pixel) {
    const std::uint64_t* of_pixel =
        sparse_batch.nonzero().of_columns(pixel / SparseBatch::kTile) + pixel % SparseBatch::kTile;
    for (std::size_t group = 0; group < sparse_batch.nonzero().groups(); ++group) {
      if (of_pixel[group * SparseBatch::kTile] != 0) {
        was_nonzero_[pixel] = 1;
      }
    }
  }
}

void CpuEngine::load_distorted_batch(SparseBatch& sparse_batch, const DataView& data, Indices batch,
                                     std::size_t thread, std::size_t num_threads) {
  const DataView distorted{distorted_, data.labels, data.features};
  load_batch(sparse_batch, distorted, Indices(rows_).first(batch.size()), {}, thread, num_threads);
}

bool CpuEngine::plain_relu(const RowRandom* random) const {
  return settings_.network.activation() == Activation::kRelu &&
         (random == nullptr || !dropout_.active());
}

const PackedMatrix& CpuEngine::of(const Parameters& parameters, const RowRandom* random) const {
  return random == nullptr && has_ema() ? parameters.ema : parameters.values;
}

ActivationParams CpuEngine::activation_params(std::size_t layer) const {
  return {settings_.network.activation(), dropout_, layer};
}

void CpuEngine::forward_first(Workspace& workspace, const SparseBatch& sparse_batch,
                              std::size_t rows, const RowRandom* random, std::size_t thread,
                              std::size_t num_threads) const {
  const Layer& first = layers_.front();
  const bool hidden = layers_.size() > 1;
  const Range blocks = share(first.weight.values.blocks(), thread, num_threads);
  LayerOutputs& outputs = workspace.layers.front();
  sparse_forward(sparse_batch, rows, of(first.weight, random), of(first.bias, random),
                 hidden && plain_relu(random), blocks, outputs.activations);
  if (hidden && !plain_relu(random)) {
    // Not those that fill up a panel: the deltas there must stay zeros.
    const std::size_t end = blocks_for(settings_.network.layers().front().outputs);
    const Range used{std::min(blocks.begin, end), std::min(blocks.end, end)};
    apply_activation(activation_params(0), random, {0, rows}, used, outputs.activations,
                     outputs.deltas);
  }
}

void CpuEngine::forward_rest(Workspace& workspace, Range tiles, const RowRandom* random) const {
  for (std::size_t l = 1; l < layers_.size(); ++l) {
    const bool hidden = l + 1 < layers_.size();
    LayerOutputs& inputs = workspace.layers[l - 1];
    LayerOutputs& outputs = workspace.layers[l];
    inputs.nonzero.find(inputs.activations, {tiles.begin * kTileRows, tiles.end * kTileRows});
    dense_forward(inputs.activations, l < sparse_layers_ ? &inputs.nonzero : nullptr,
                  of(layers_[l].weight, random), of(layers_[l].bias, random),
                  hidden && plain_relu(random), tiles, outputs.activations);
    if (hidden && !plain_relu(random)) {
      apply_activation(activation_params(l), random,
                       {tiles.begin * kTileRows, tiles.end * kTileRows},
                       {0, outputs.activations.blocks()}, outputs.activations, outputs.deltas);
    }
  }
}

void CpuEngine::loss(Workspace& workspace, const DataView& data, const Batch& batch,
                     Range tiles) const {
  LayerOutputs& last = workspace.layers.back();
  const LossTerms terms{.scale = 1.0F / static_cast<float>(batch.all_rows),
                        .params = loss_params<float>(settings_),
                        .soft_labels = batch.soft_labels};
  loss_rows(last.activations, settings_.network.classes(), data, batch.images, terms,
            rows_of(tiles, batch.images.size()), last.deltas, workspace.losses);
}

void CpuEngine::backward(Workspace& workspace, Range tiles) const {
  const RowRandom random = step_random({});
  for (std::size_t l = layers_.size(); l-- > 1;) {
    LayerOutputs& inputs = workspace.layers[l - 1];
    const LayerOutputs& outputs = workspace.layers[l];
    dense_backward(outputs.deltas, l < sparse_layers_ ? &outputs.nonzero : nullptr,
                   layers_[l].weight_transposed,
                   plain_relu(&random) ? &inputs.activations : nullptr, tiles, inputs.deltas);
  }
}

void CpuEngine::forward_backward(Workspace& workspace, const DataView& data, const Batch& batch,
                                 std::size_t thread, std::size_t num_threads) const {
  const Range tiles = share(tiles_for(batch.images.size()), thread, num_threads);
  const RowRandom random = step_random(batch);
  forward_rest(workspace, tiles, &random);
  loss(workspace, data, batch, tiles);
  backward(workspace, tiles);
}

void CpuEngine::update_layers(const SparseBatch& sparse_batch, Range rows, const Update& update,
                              std::vector<Layer>* gradients, std::size_t thread,
                              std::size_t num_threads) {
  // The first layer first: its moments fill the cache, and the other layers are needed again soon.
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const PackedMatrix& deltas = training_.layers[l].deltas;
    Layer& layer = layers_[l];
    Update weight = update;
    Update bias = update;
    if (gradients != nullptr) {
      weight.gradients = &(*gradients)[l].weight.values;
      bias.gradients = &(*gradients)[l].bias.values;
    }
    const Range blocks = share(deltas.blocks(), thread, num_threads);
    bias_update(deltas, rows, blocks, bias, layer.bias);
    if (l == 0) {
      sparse_update(sparse_batch, deltas, rows, was_nonzero_, blocks, weight, layer.weight);
    } else {
      // By the blocks of the layer before, as a thread then reads of the first layer's activations
      // only those that it will write for the next batch.
      LayerOutputs& inputs = training_.layers[l - 1];
      const std::size_t most = layer.weight.values.rows() / kBlockWidth;
      const Range share_of_blocks = share(inputs.activations.blocks(), thread, num_threads);
      const Range mine{std::min(share_of_blocks.begin, most), std::min(share_of_blocks.end, most)};
      const bool is_sparse = l < sparse_layers_;
      if (is_sparse) {
        inputs.nonzero.transpose({mine.begin * kBlockWidth, mine.end * kBlockWidth});
      }
      dense_update(inputs.activations, is_sparse ? &inputs.nonzero : nullptr, deltas, rows, mine,
                   weight, layer.weight, layer.weight_transposed);
    }
  }
}

void CpuEngine::update_ema(const OptimizerStep<float>& step, std::size_t thread,
                           std::size_t num_threads) {
  for (Layer& layer : layers_) {
    const Range blocks = share(layer.weight.values.blocks(), thread, num_threads);
    update_ema_blocks(step, blocks, layer.weight);
    update_ema_blocks(step, blocks, layer.bias);
  }
}

}  // namespace qmnist::cpu
