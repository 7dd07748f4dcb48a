#include <algorithm>
#include <array>
#include <numeric>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/distort_image.h"
#include "host/engines/cpu/sparse_layer.h"
#include "kernels/clip.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {
namespace {

/// Sums by column first, so that a compiler may use vectors.
double sum_of_squares(const PanelMatrix& values) {
  std::array<double, kBlock> sums{};
  for (std::size_t block = 0; block < values.blocks(); ++block) {
    for (std::size_t row = 0; row < values.rows(); ++row) {
      const float* of_row = values.row(block, row);
      for (std::size_t i = 0; i < kBlock; ++i) {
        sums[i] += static_cast<double>(of_row[i]) * static_cast<double>(of_row[i]);
      }
    }
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

void CpuEngine::distort_batch(const DataView& data, Batch batch, std::uint64_t step,
                              std::size_t part, std::size_t parts) {
  const Range rows = share(batch.size(), part, parts);
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    distort_image(data.image(batch[row]).data(), augmentation_.distortion(step, row),
                  augmentation_.elastic(), distorted_.data() + row * data.features);
  }
}

void CpuEngine::take(Nonzeros& nonzeros, const DataView& data, Batch batch, Batch next,
                     std::size_t part, std::size_t parts) {
  const Range tiles = share(nonzeros.tiles(), part, parts);
  nonzeros.take(data, batch, next, tiles);
  const std::size_t end = std::min(tiles.end * Nonzeros::kTile, was_nonzero_.size());
  for (std::size_t pixel = tiles.begin * Nonzeros::kTile; pixel < end; ++pixel) {
    for (std::size_t group = 0; group < nonzeros.groups(); ++group) {
      if (nonzeros.of_pixel(pixel / Nonzeros::kTile, group, pixel % Nonzeros::kTile) != 0) {
        was_nonzero_[pixel] = 1;
      }
    }
  }
}

void CpuEngine::take_distorted(Nonzeros& nonzeros, const DataView& data, Batch batch,
                               std::size_t part, std::size_t parts) {
  const DataView distorted{distorted_, data.labels, data.features};
  take(nonzeros, distorted, Batch(rows_).first(batch.size()), {}, part, parts);
}

bool CpuEngine::plain_relu(const RowRandom* random) const {
  return settings_.network.activation() == Activation::kRelu &&
         (random == nullptr || !dropout_.active());
}

const PanelMatrix& CpuEngine::of(const Parameters& parameters, const RowRandom* random) const {
  return random == nullptr && keeps_averages() ? parameters.averages : parameters.values;
}

HiddenUnits CpuEngine::hidden_units(std::size_t layer) const {
  return {settings_.network.activation(), dropout_, layer};
}

void CpuEngine::forward_first(Workspace& workspace, const Nonzeros& nonzeros, std::size_t rows,
                              const RowRandom* random, std::size_t part, std::size_t parts) const {
  const Layer& first = layers_.front();
  const bool hidden = layers_.size() > 1;
  const Range blocks = share(first.weight.values.blocks(), part, parts);
  LayerOutputs& outputs = workspace.layers.front();
  sparse_forward(nonzeros, rows, of(first.weight, random), of(first.bias, random),
                 hidden && plain_relu(random), blocks, outputs.activations);
  if (hidden && !plain_relu(random)) {
    finish_units(hidden_units(0), random, {0, rows}, blocks, outputs.activations, outputs.deltas);
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
      finish_units(hidden_units(l), random, {tiles.begin * kTileRows, tiles.end * kTileRows},
                   {0, outputs.activations.blocks()}, outputs.activations, outputs.deltas);
    }
  }
}

void CpuEngine::judge(Workspace& workspace, const DataView& data, Batch batch, Range tiles) const {
  const std::size_t classes = settings_.network.classes();
  const float scale = 1.0F / static_cast<float>(batch.size());
  const auto smoothing = static_cast<float>(settings_.regularization.label_smoothing);
  LayerOutputs& last = workspace.layers.back();
  std::array<float, kMostClasses> logits{};
  std::array<float, kMostClasses> deltas;
  const Range rows = rows_of(tiles, batch.size());
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    last.activations.get_row(row, std::span(logits).first(classes));
    const std::size_t label = data.labels[batch[row]];
    workspace.judgements[row] = {.loss = softmax_cross_entropy(logits.data(), classes, label, scale,
                                                               deltas.data(), smoothing),
                                 .correct = argmax(logits.data(), classes) == label};
    last.deltas.set_row(row, std::span(deltas).first(classes));
  }
}

void CpuEngine::backward(Workspace& workspace, Range tiles) const {
  const RowRandom random = step_random();
  for (std::size_t l = layers_.size(); l-- > 1;) {
    LayerOutputs& inputs = workspace.layers[l - 1];
    dense_backward(workspace.layers[l].deltas, layers_[l].weight_transposed,
                   plain_relu(&random) ? &inputs.activations : nullptr, tiles, inputs.deltas);
  }
}

void CpuEngine::propagate(Workspace& workspace, const DataView& data, Batch batch, std::size_t part,
                          std::size_t parts) const {
  const Range tiles = share(tiles_for(batch.size()), part, parts);
  const RowRandom random = step_random();
  forward_rest(workspace, tiles, &random);
  judge(workspace, data, batch, tiles);
  backward(workspace, tiles);
}

void CpuEngine::update(const Workspace& workspace, const Nonzeros& nonzeros, std::size_t rows,
                       const OptimizerStep<float>& step, std::vector<Layer>* gradients,
                       std::size_t part, std::size_t parts) {
  // The first layer first: its moments fill the cache, and what the others change is needed soon.
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const PanelMatrix& deltas = workspace.layers[l].deltas;
    Layer& layer = layers_[l];
    const Update weight{step, gradients == nullptr ? nullptr : &(*gradients)[l].weight.values};
    const Update bias{step, gradients == nullptr ? nullptr : &(*gradients)[l].bias.values};
    const Range blocks = share(deltas.blocks(), part, parts);
    bias_update(deltas, rows, blocks, bias, layer.bias);
    if (l == 0) {
      sparse_update(nonzeros, deltas, was_nonzero_, blocks, weight, layer.weight);
    } else {
      // By the blocks of the layer before, as a thread then reads of the first layer's activations
      // only those that it will write for the next batch.
      const PanelMatrix& inputs = workspace.layers[l - 1].activations;
      const std::size_t most = layer.weight.values.rows() / kBlock;
      const Range mine = share(inputs.blocks(), part, parts);
      dense_update(inputs, deltas, rows, {std::min(mine.begin, most), std::min(mine.end, most)},
                   weight, layer.weight, layer.weight_transposed);
    }
  }
}

void CpuEngine::clipped_update(const Nonzeros& nonzeros, std::size_t rows,
                               const OptimizerStep<float>& step) {
  team_.run([&](std::size_t part, std::size_t parts) {
    update(training_, nonzeros, rows, step, &clipped_, part, parts);
  });
  double squares = 0;
  for (const Layer& layer : clipped_) {
    squares += sum_of_squares(layer.weight.values) + sum_of_squares(layer.bias.values);
  }
  const float scale = clip_scale(squares, static_cast<float>(settings_.optimizer.clip_norm));
  team_.run([&](std::size_t part, std::size_t parts) { apply(step, scale, part, parts); });
}

void CpuEngine::apply(const OptimizerStep<float>& step, float scale, std::size_t part,
                      std::size_t parts) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const Layer& gradients = clipped_[l];
    const Range inputs = share(layer.weight.values.rows() / kBlock, part, parts);
    const Range rows{inputs.begin * kBlock, inputs.end * kBlock};
    const Range blocks{0, layer.weight.values.blocks()};
    apply_gradients(gradients.weight.values, scale, rows, blocks, {step}, layer.weight);
    if (l > 0) {  // nobody asks for the gradient of the images
      transpose(layer.weight.values, inputs, layer.weight_transposed);
    }
    apply_gradients(gradients.bias.values, scale, {0, 1}, share(blocks.end, part, parts), {step},
                    layer.bias);
  }
}

void CpuEngine::average(const OptimizerStep<float>& step, std::size_t part, std::size_t parts) {
  for (Layer& layer : layers_) {
    const Range blocks = share(layer.weight.values.blocks(), part, parts);
    update_averages(step, blocks, layer.weight);
    update_averages(step, blocks, layer.bias);
  }
}

}  // namespace qmnist
