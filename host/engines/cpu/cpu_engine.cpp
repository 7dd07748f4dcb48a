#include "host/engines/cpu/cpu_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "host/engines/cpu/cpu_info.h"
#include "host/engines/cpu/distort_image.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/cpu/sparse_layer.h"
#include "kernels/clip.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {
namespace {

constexpr std::size_t kMostClasses = 256;  // labels are bytes

/// A first layer of that many blocks is not worth sharing among more.
std::size_t useful_threads(const EngineSettings& settings) {
  const std::size_t blocks = blocks_for(settings.network.layers().front().outputs);
  return std::clamp<std::size_t>(blocks / 2, 1, settings.threads);
}

std::span<const std::uint32_t> up_to(std::size_t count, std::span<const std::uint32_t> indices) {
  return indices.first(std::min(count, indices.size()));
}

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

Range rows_of(Range tiles, std::size_t rows) {
  return {tiles.begin * kTileRows, std::min(tiles.end * kTileRows, rows)};
}

}  // namespace

CpuEngine::CpuEngine(EngineSettings settings)
    : settings_(std::move(settings)),
      augmentation_(settings_.augmentation, settings_.seed),
      dropout_(settings_.dropout),
      team_(useful_threads(settings_)),
      layers_(make_layers(settings_.network)),
      was_nonzero_(settings_.network.inputs()),
      training_(settings_.network, settings_.batch_size) {
  set_state(initial_state(settings_.network, 0));
  if (clips()) {
    clipped_ = make_layers(settings_.network);
  }
  if (augmentation_.active()) {
    distorted_.resize(settings_.batch_size * settings_.network.inputs());
    rows_.resize(settings_.batch_size);
    std::iota(rows_.begin(), rows_.end(), 0U);
  }
}

std::string CpuEngine::device() const {
  const std::string of_all =
      team_.size() < settings_.threads ? fmt::format(" of {}", settings_.threads) : "";
  return fmt::format("CPU: {}, {} thread{}{}, {}", cpu_model(), team_.size(),
                     team_.size() == 1 ? "" : "s", of_all, instruction_set());
}

void CpuEngine::set_state(const TrainingState& state) {
  TrainingState kept = state;
  kept.averages = keeps_averages() ? state.learnt() : std::vector<float>();
  load_state(settings_.network, kept, layers_);
  step_ = state.step;
  const DenseLayer& first = settings_.network.layers().front();
  std::ranges::fill(was_nonzero_, settings_.optimizer.weight_decay > 0 ? 1 : 0);
  for (std::size_t i = 0; i < first.weight.size; ++i) {
    if (state.first_moments[first.weight.offset + i] != 0 ||
        state.second_moments[first.weight.offset + i] != 0) {
      was_nonzero_[i % first.inputs] = 1;
    }
  }
}

TrainingState CpuEngine::state() const {
  return save_state(settings_.network, layers_, step_);
}

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
  const auto smoothing = static_cast<float>(settings_.label_smoothing);
  LayerOutputs& last = workspace.layers.back();
  std::array<float, kMostClasses> logits;
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

void CpuEngine::begin(Workspace& workspace, const DataView& data, Batch batch, Batch next,
                      const RowRandom* random) {
  Nonzeros& nonzeros = workspace.nonzeros[0];
  team_.run(
      [&](std::size_t part, std::size_t parts) { take(nonzeros, data, batch, next, part, parts); });
  team_.run([&](std::size_t part, std::size_t parts) {
    forward_first(workspace, nonzeros, batch.size(), random, part, parts);
  });
}

void CpuEngine::begin_distorted(const DataView& data, Batch batch, Batch next) {
  Nonzeros& nonzeros = training_.nonzeros[0];
  const RowRandom random = step_random();
  team_.run(
      [&](std::size_t part, std::size_t parts) { distort_batch(data, batch, step_, part, parts); });
  team_.run([&](std::size_t part, std::size_t parts) {
    take_distorted(nonzeros, data, batch, part, parts);
  });
  team_.run([&](std::size_t part, std::size_t parts) {
    forward_first(training_, nonzeros, batch.size(), &random, part, parts);
    distort_batch(data, next, step_ + 1, part, parts);
  });
}

void CpuEngine::begin_step(const DataView& data, Batch batch, Batch next) {
  if (augmentation_.active()) {
    begin_distorted(data, batch, next);
  } else {
    const RowRandom random = step_random();
    begin(training_, data, batch, next, &random);
  }
}

void CpuEngine::train(const DataView& data, std::span<const std::uint32_t> order,
                      RunningMetrics& metrics, const StepCallback& keep_going) {
  const auto batch_from = [&](std::size_t first) {
    return up_to(settings_.batch_size, order.subspan(std::min(first, order.size())));
  };
  Batch batch = batch_from(metrics.samples);
  Batch next = batch_from(metrics.samples + batch.size());
  const bool distorts = augmentation_.active();
  begin_step(data, batch, next);
  for (bool go_on = true; go_on && !batch.empty();) {
    Nonzeros& nonzeros = training_.nonzeros[0];
    Nonzeros& next_nonzeros = training_.nonzeros[1];
    const Batch after_next = batch_from(metrics.samples + batch.size() + next.size());
    team_.run([&](std::size_t part, std::size_t parts) {
      propagate(training_, data, batch, part, parts);
      if (distorts) {
        take_distorted(next_nonzeros, data, next, part, parts);
      } else {
        take(next_nonzeros, data, next, after_next, part, parts);
      }
    });
    const double learning_rate = settings_.schedule.learning_rate(step_);
    const auto step = optimizer_step<float>(settings_.optimizer, learning_rate, ++step_);
    const RowRandom random = step_random();
    if (clips()) {
      clipped_update(nonzeros, batch.size(), step);
    }
    team_.run([&](std::size_t part, std::size_t parts) {
      if (!clips()) {
        update(training_, nonzeros, batch.size(), step, nullptr, part, parts);
      }
      forward_first(training_, next_nonzeros, next.size(), &random, part, parts);
      if (distorts) {
        distort_batch(data, after_next, step_ + 1, part, parts);
      }
    });
    if (keeps_averages()) {
      team_.run([&](std::size_t part, std::size_t parts) { average(step, part, parts); });
    }
    for (std::size_t row = 0; row < batch.size(); ++row) {
      metrics.loss_sum += static_cast<double>(training_.judgements[row].loss);
      metrics.correct += training_.judgements[row].correct ? 1 : 0;
    }
    metrics.samples += batch.size();
    go_on = keep_going(metrics);
    std::swap(nonzeros, next_nonzeros);
    batch = next;
    next = after_next;
  }
}

std::vector<float> CpuEngine::gradients(const DataView& data,
                                        std::span<const std::uint32_t> batch) {
  begin_step(data, batch, {});
  std::vector<Layer> gradients = make_layers(settings_.network);
  team_.run(
      [&](std::size_t part, std::size_t parts) { propagate(training_, data, batch, part, parts); });
  team_.run([&](std::size_t part, std::size_t parts) {
    update(training_, training_.nonzeros[0], batch.size(), {}, &gradients, part, parts);
  });
  return save_state(settings_.network, gradients, 0).parameters;
}

std::vector<float> CpuEngine::predict(const DataView& data,
                                      std::span<const std::uint32_t> indices) {
  constexpr std::size_t kRows = 512;  // enough for a good matrix product, small beside the cache
  const std::size_t classes = settings_.network.classes();
  Workspace workspace(settings_.network, kRows);
  std::vector<float> probabilities(indices.size() * classes);
  for (std::size_t first = 0; first < indices.size(); first += kRows) {
    const Batch batch = up_to(kRows, indices.subspan(first));
    begin(workspace, data, batch, up_to(kRows, indices.subspan(first + batch.size())), nullptr);
    team_.run([&](std::size_t part, std::size_t parts) {
      const Range tiles = share(tiles_for(batch.size()), part, parts);
      forward_rest(workspace, tiles, nullptr);
      std::array<float, kMostClasses> logits;
      const Range rows = rows_of(tiles, batch.size());
      for (std::size_t row = rows.begin; row < rows.end; ++row) {
        workspace.layers.back().activations.get_row(row, std::span(logits).first(classes));
        softmax(logits.data(), classes, probabilities.data() + (first + row) * classes);
      }
    });
  }
  return probabilities;
}

}  // namespace qmnist
