#include <algorithm>
#include <array>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/distort_image.h"
#include "host/engines/cpu/softmax_rows.h"
#include "host/engines/cpu/sparse_layer.h"
#include "kernels/clip.h"

namespace qmnist::cpu {
namespace {

/// The squares of a layer's gradients: first of the values of each output, then of all outputs.
double sum_of_squares(const PackedMatrix& values) {
  std::array<std::array<double, kBlockWidth>, kSumLanes> sums;  // compilers use vectors of columns
  SumOfLanes of_units;
  for (std::size_t block = 0; block < values.blocks(); ++block) {
    sums = {};
    for (std::size_t row = 0; row < values.rows(); ++row) {
      const float* of_row = values.row(block, row);
      for (std::size_t i = 0; i < kBlockWidth; ++i) {
        const double value = of_row[i];
        sums[row % kSumLanes][i] += value * value;
      }
    }
    for (std::size_t i = 0; i < kBlockWidth; ++i) {
      SumOfLanes of_unit;
      for (const auto& of_lane : sums) {
        of_unit.add(of_lane[i]);
      }
      of_units.add(of_unit.total());
    }
  }
  return of_units.total();
}

}  // namespace

void CpuEngine::distort_batch(const DataView& data, Batch batch, std::uint64_t step,
                              std::size_t thread, std::size_t num_threads) {
  const Range rows = share(batch.size(), thread, num_threads);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    distort_image(data.image(batch[row]).data(), augmentation_.distortion(step, row),
                  augmentation_.elastic(), distorted_.data() + row * data.features);
  }
}

void CpuEngine::load_batch(SparseBatch& sparse_batch, const DataView& data, Batch batch, Batch next,
                           std::size_t thread, std::size_t num_threads) {
  const Range tiles = share(sparse_batch.tiles(), thread, num_threads);
  sparse_batch.load(data, batch, next, tiles);
  const std::size_t end = std::min(tiles.end * SparseBatch::kTile, was_nonzero_.size());
  for (std::size_t pixel = tiles.begin * SparseBatch::kTile; pixel < end; ++pixel) {
    for (std::size_t group = 0; group < sparse_batch.groups(); ++group) {
      if (sparse_batch.of_pixel(pixel / SparseBatch::kTile, group, pixel % SparseBatch::kTile) !=
          0) {
        was_nonzero_[pixel] = 1;
      }
    }
  }
}

void CpuEngine::load_distorted_batch(SparseBatch& sparse_batch, const DataView& data, Batch batch,
                                     std::size_t thread, std::size_t num_threads) {
  const DataView distorted{distorted_, data.labels, data.features};
  load_batch(sparse_batch, distorted, Batch(rows_).first(batch.size()), {}, thread, num_threads);
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
    LayerOutputs& outputs = workspace.layers[l];
    dense_forward(workspace.layers[l - 1].activations, of(layers_[l].weight, random),
                  of(layers_[l].bias, random), hidden && plain_relu(random), tiles,
                  outputs.activations);
    if (hidden && !plain_relu(random)) {
      apply_activation(activation_params(l), random,
                       {tiles.begin * kTileRows, tiles.end * kTileRows},
                       {0, outputs.activations.blocks()}, outputs.activations, outputs.deltas);
    }
  }
}

void CpuEngine::loss(Workspace& workspace, const DataView& data, Batch batch, Range tiles) const {
  LayerOutputs& last = workspace.layers.back();
  softmax_cross_entropy_rows(last.activations, settings_.network.classes(), data, batch,
                             static_cast<float>(settings_.regularization.label_smoothing),
                             rows_of(tiles, batch.size()), last.deltas, workspace.losses);
}

void CpuEngine::backward(Workspace& workspace, Range tiles) const {
  const RowRandom random = step_random();
  for (std::size_t l = layers_.size(); l-- > 1;) {
    LayerOutputs& inputs = workspace.layers[l - 1];
    dense_backward(workspace.layers[l].deltas, layers_[l].weight_transposed,
                   plain_relu(&random) ? &inputs.activations : nullptr, tiles, inputs.deltas);
  }
}

void CpuEngine::forward_backward(Workspace& workspace, const DataView& data, Batch batch,
                                 std::size_t thread, std::size_t num_threads) const {
  const Range tiles = share(tiles_for(batch.size()), thread, num_threads);
  const RowRandom random = step_random();
  forward_rest(workspace, tiles, &random);
  loss(workspace, data, batch, tiles);
  backward(workspace, tiles);
}

void CpuEngine::optimizer_step(const Workspace& workspace, const SparseBatch& sparse_batch,
                               std::size_t rows, const OptimizerStep<float>& step,
                               std::vector<Layer>* gradients, std::size_t thread,
                               std::size_t num_threads) {
  const OptimizerName optimizer = settings_.optimizer.name;
  // The first layer first: its moments fill the cache, and the other layers are needed again soon.
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const PackedMatrix& deltas = workspace.layers[l].deltas;
    Layer& layer = layers_[l];
    const Update weight{optimizer, step,
                        gradients == nullptr ? nullptr : &(*gradients)[l].weight.values};
    const Update bias{optimizer, step,
                      gradients == nullptr ? nullptr : &(*gradients)[l].bias.values};
    const Range blocks = share(deltas.blocks(), thread, num_threads);
    bias_update(deltas, rows, blocks, bias, layer.bias);
    if (l == 0) {
      sparse_update(sparse_batch, deltas, was_nonzero_, blocks, weight, layer.weight);
    } else {
      // By the blocks of the layer before, as a thread then reads of the first layer's activations
      // only those that it will write for the next batch.
      const PackedMatrix& inputs = workspace.layers[l - 1].activations;
      const std::size_t most = layer.weight.values.rows() / kBlockWidth;
      const Range mine = share(inputs.blocks(), thread, num_threads);
      dense_update(inputs, deltas, rows, {std::min(mine.begin, most), std::min(mine.end, most)},
                   weight, layer.weight, layer.weight_transposed);
    }
  }
}

void CpuEngine::clipped_optimizer_step(const SparseBatch& sparse_batch, std::size_t rows,
                                       const OptimizerStep<float>& step) {
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    optimizer_step(training_, sparse_batch, rows, step, &clipped_, thread, num_threads);
  });
  double squares = 0;
  for (const Layer& layer : clipped_) {
    squares += sum_of_squares(layer.weight.values);
    squares += sum_of_squares(layer.bias.values);
  }
  const float scale = clip_scale(squares, static_cast<float>(settings_.optimizer.clip_norm));
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    apply_clipped_gradients(step, scale, thread, num_threads);
  });
}

void CpuEngine::apply_clipped_gradients(const OptimizerStep<float>& step, float scale,
                                        std::size_t thread, std::size_t num_threads) {
  const Update update{settings_.optimizer.name, step};
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const Layer& gradients = clipped_[l];
    const Range inputs = share(layer.weight.values.rows() / kBlockWidth, thread, num_threads);
    const Range rows{inputs.begin * kBlockWidth, inputs.end * kBlockWidth};
    const Range blocks{0, layer.weight.values.blocks()};
    apply_gradients(gradients.weight.values, scale, rows, blocks, update, layer.weight);
    if (l > 0) {  // the gradient with respect to the images is not needed
      transpose(layer.weight.values, inputs, layer.weight_transposed);
    }
    apply_gradients(gradients.bias.values, scale, {0, 1}, share(blocks.end, thread, num_threads),
                    update, layer.bias);
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
