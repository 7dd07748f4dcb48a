#include "host/engines/cpu/cpu_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/engines/cpu/cpu_info.h"
#include "host/engines/cpu/dense_layer.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/cpu/sparse_layer.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {
namespace {

constexpr std::size_t kMostClasses = 256;  ///< labels are bytes
constexpr auto kFirst = PanelMatrix::Panels::kWide;
constexpr auto kOther = PanelMatrix::Panels::kNarrow;

std::size_t round_up(std::size_t count, std::size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

std::size_t tiles_of(std::size_t rows) {
  return round_up(rows, kTileRows) / kTileRows;
}

/// A first layer of that many blocks is not worth sharing among more.
std::size_t useful_threads(const EngineSettings& settings) {
  const std::size_t blocks = blocks_for(settings.network.layers().front().outputs);
  return std::clamp<std::size_t>(blocks / 2, 1, settings.threads);
}

std::span<const std::uint32_t> first_of(std::span<const std::uint32_t> indices, std::size_t count) {
  return indices.first(std::min(count, indices.size()));
}

/// Layouts: an arena has weights as [outputs, inputs], panels as [inputs, outputs].
void load(const DenseLayer& shape, std::span<const float> arena, PanelMatrix& weight,
          PanelMatrix& bias) {
  for (std::size_t output = 0; output < shape.outputs; ++output) {
    const float* row = arena.data() + shape.weight.offset + output * shape.inputs;
    for (std::size_t input = 0; input < shape.inputs; ++input) {
      weight.at(input, output) = row[input];
    }
    bias.at(0, output) = arena[shape.bias.offset + output];
  }
}

void save(const DenseLayer& shape, const PanelMatrix& weight, const PanelMatrix& bias,
          std::span<float> arena) {
  for (std::size_t output = 0; output < shape.outputs; ++output) {
    float* row = arena.data() + shape.weight.offset + output * shape.inputs;
    for (std::size_t input = 0; input < shape.inputs; ++input) {
      row[input] = weight.at(input, output);
    }
    arena[shape.bias.offset + output] = bias.at(0, output);
  }
}

}  // namespace

CpuEngine::Layer::Layer(const DenseLayer& shape, PanelMatrix::Panels panels)
    : weight(round_up(shape.inputs, kBlock), shape.outputs, panels),
      bias(1, shape.outputs, panels),
      weight_transposed(round_up(shape.outputs, kBlock), shape.inputs) {}

CpuEngine::CpuEngine(EngineSettings settings)
    : settings_(std::move(settings)),
      team_(useful_threads(settings_)),
      was_nonzero_(settings_.network.inputs()) {
  for (const DenseLayer& shape : settings_.network.layers()) {
    layers_.emplace_back(shape, layers_.empty() ? kFirst : kOther);
  }
  set_state(initial_state(settings_.network, 0));
}

std::string CpuEngine::device() const {
  return fmt::format(
      "CPU: {}, {} thread{}{}, {}", cpu_model(), team_.size(), team_.size() == 1 ? "" : "s",
      team_.size() < settings_.threads ? fmt::format(" of {}", settings_.threads) : "",
      instruction_set());
}

void CpuEngine::set_state(const TrainingState& state) {
  const auto shapes = settings_.network.layers();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Parameters& weight = layers_[l].weight;
    Parameters& bias = layers_[l].bias;
    load(shapes[l], state.parameters, weight.values, bias.values);
    load(shapes[l], state.first_moments, weight.first_moments, bias.first_moments);
    load(shapes[l], state.second_moments, weight.second_moments, bias.second_moments);
    for (std::size_t i = 0; i < shapes[l].inputs; ++i) {
      for (std::size_t o = 0; o < shapes[l].outputs; ++o) {
        layers_[l].weight_transposed.at(o, i) = weight.values.at(i, o);
      }
    }
  }
  const Parameters& first = layers_.front().weight;
  for (std::size_t pixel = 0; pixel < was_nonzero_.size(); ++pixel) {
    was_nonzero_[pixel] = 0;
    for (std::size_t output = 0; output < shapes.front().outputs; ++output) {
      if (first.first_moments.at(pixel, output) != 0 ||
          first.second_moments.at(pixel, output) != 0) {
        was_nonzero_[pixel] = 1;
      }
    }
  }
  step_ = state.step;
}

TrainingState CpuEngine::state() const {
  const std::vector<float> zeros(settings_.network.arena_size());
  TrainingState state{zeros, zeros, zeros, step_};
  const auto shapes = settings_.network.layers();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Parameters& weight = layers_[l].weight;
    const Parameters& bias = layers_[l].bias;
    save(shapes[l], weight.values, bias.values, state.parameters);
    save(shapes[l], weight.first_moments, bias.first_moments, state.first_moments);
    save(shapes[l], weight.second_moments, bias.second_moments, state.second_moments);
  }
  return state;
}

void CpuEngine::reserve(std::size_t rows) {
  if (rows <= rows_) {
    return;
  }
  rows_ = round_up(rows, kTileRows);
  nonzeros_ = Nonzeros(settings_.network.inputs(), rows_);
  judgements_.resize(rows_);
  outputs_.clear();
  for (const DenseLayer& layer : settings_.network.layers()) {
    const PanelMatrix::Panels panels = outputs_.empty() ? kFirst : kOther;
    outputs_.push_back(
        {.activations = {rows_, layer.outputs, panels}, .deltas = {rows_, layer.outputs, panels}});
  }
}

void CpuEngine::take(const DataView& data, std::span<const std::uint32_t> batch,
                     std::span<const std::uint32_t> next) {
  reserve(batch.size());
  team_.run([&](std::size_t part, std::size_t parts) {
    const Range tiles = share(nonzeros_.tiles(), part, parts);
    nonzeros_.take(data, batch, next, tiles);
    const std::size_t end = std::min(tiles.end * Nonzeros::kTile, was_nonzero_.size());
    for (std::size_t pixel = tiles.begin * Nonzeros::kTile; pixel < end; ++pixel) {
      for (std::size_t group = 0; group < nonzeros_.groups(); ++group) {
        if (nonzeros_.of_pixel(pixel / Nonzeros::kTile, group, pixel % Nonzeros::kTile) != 0) {
          was_nonzero_[pixel] = 1;
        }
      }
    }
  });
}

void CpuEngine::forward_first(std::size_t rows) {
  const Layer& first = layers_.front();
  team_.run([&](std::size_t part, std::size_t parts) {
    sparse_forward(nonzeros_, rows, first.weight.values, first.bias.values, layers_.size() > 1,
                   share(first.weight.values.blocks(), part, parts), outputs_.front().activations);
  });
}

void CpuEngine::forward_rest(Range tiles) {
  for (std::size_t l = 1; l < layers_.size(); ++l) {
    dense_forward(outputs_[l - 1].activations, layers_[l].weight.values, layers_[l].bias.values,
                  l + 1 < layers_.size(), tiles, outputs_[l].activations);
  }
}

void CpuEngine::judge(const DataView& data, std::span<const std::uint32_t> batch, Range rows) {
  const std::size_t classes = settings_.network.classes();
  const float scale = 1.0F / static_cast<float>(batch.size());
  Outputs& last = outputs_.back();
  std::array<float, kMostClasses> logits;
  std::array<float, kMostClasses> deltas;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    last.activations.get_row(row, std::span(logits).first(classes));
    const std::size_t label = data.labels[batch[row]];
    judgements_[row] = {
        .loss = softmax_cross_entropy(logits.data(), classes, label, scale, deltas.data()),
        .correct = argmax(logits.data(), classes) == label};
    last.deltas.set_row(row, std::span(deltas).first(classes));
  }
}

void CpuEngine::backward(Range tiles) {
  for (std::size_t l = layers_.size(); l-- > 1;) {
    dense_backward(outputs_[l].deltas, layers_[l].weight_transposed, outputs_[l - 1].activations,
                   tiles, outputs_[l - 1].deltas);
  }
}

void CpuEngine::propagate(const DataView& data, std::span<const std::uint32_t> batch,
                          std::span<const std::uint32_t> next, RunningMetrics& metrics) {
  take(data, batch, next);
  forward_first(batch.size());
  team_.run([&](std::size_t part, std::size_t parts) {
    const Range tiles = share(tiles_of(batch.size()), part, parts);
    forward_rest(tiles);
    judge(data, batch, {tiles.begin * kTileRows, std::min(tiles.end * kTileRows, batch.size())});
    backward(tiles);
  });
  for (std::size_t row = 0; row < batch.size(); ++row) {
    metrics.loss_sum += static_cast<double>(judgements_[row].loss);
    metrics.correct += judgements_[row].correct ? 1 : 0;
  }
  metrics.samples += batch.size();
}

void CpuEngine::update(std::size_t rows, const AdamStep<float>& step,
                       std::vector<Gradients>* gradients) {
  team_.run([&](std::size_t part, std::size_t parts) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const PanelMatrix& deltas = outputs_[l].deltas;
      Layer& layer = layers_[l];
      const Update weight{step, gradients == nullptr ? nullptr : &(*gradients)[l].weight};
      const Update bias{step, gradients == nullptr ? nullptr : &(*gradients)[l].bias};
      const Range blocks = share(deltas.blocks(), part, parts);
      bias_update(deltas, rows, blocks, bias, layer.bias);
      if (l == 0) {
        sparse_update(nonzeros_, deltas, was_nonzero_, blocks, weight, layer.weight);
      } else {
        const PanelMatrix& inputs = outputs_[l - 1].activations;
        dense_update(inputs, deltas, rows, share(layer.weight.values.rows() / kBlock, part, parts), weight,
                     layer.weight, &layer.weight_transposed);
      }
    }
  });
}

void CpuEngine::train(const DataView& data, std::span<const std::uint32_t> order,
                      RunningMetrics& metrics, const StepCallback& keep_going) {
  while (metrics.samples < order.size()) {
    const auto left = order.subspan(metrics.samples);
    const auto batch = first_of(left, settings_.batch_size);
    propagate(data, batch, first_of(left.subspan(batch.size()), settings_.batch_size), metrics);
    update(batch.size(), adam_step<float>(settings_.adam, ++step_), nullptr);
    if (!keep_going(metrics)) {
      return;
    }
  }
}

std::vector<float> CpuEngine::gradients(const DataView& data,
                                        std::span<const std::uint32_t> batch) {
  RunningMetrics metrics;
  propagate(data, batch, {}, metrics);
  std::vector<Gradients> gradients;
  for (const Layer& layer : layers_) {
    const PanelMatrix& weight = layer.weight.values;
    const PanelMatrix::Panels panels = gradients.empty() ? kFirst : kOther;
    gradients.push_back({.weight = {weight.rows(), weight.blocks() * kBlock, panels},
                         .bias = {1, weight.blocks() * kBlock, panels}});
  }
  update(batch.size(), {}, &gradients);
  std::vector<float> arena(settings_.network.arena_size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    save(settings_.network.layers()[l], gradients[l].weight, gradients[l].bias, arena);
  }
  return arena;
}

std::vector<float> CpuEngine::predict(const DataView& data,
                                      std::span<const std::uint32_t> indices) {
  constexpr std::size_t kRows = 512;  // enough for a good matrix product, small beside the cache
  const std::size_t classes = settings_.network.classes();
  std::vector<float> probabilities(indices.size() * classes);
  for (std::size_t first = 0; first < indices.size(); first += kRows) {
    const auto batch = first_of(indices.subspan(first), kRows);
    const auto next = first_of(indices.subspan(first + batch.size()), kRows);
    take(data, batch, next);
    forward_first(batch.size());
    team_.run([&](std::size_t part, std::size_t parts) {
      const Range tiles = share(tiles_of(batch.size()), part, parts);
      forward_rest(tiles);
      std::array<float, kMostClasses> logits;
      for (std::size_t row = tiles.begin * kTileRows;
           row < std::min(tiles.end * kTileRows, batch.size()); ++row) {
        outputs_.back().activations.get_row(row, std::span(logits).first(classes));
        softmax(logits.data(), classes, probabilities.data() + (first + row) * classes);
      }
    });
  }
  return probabilities;
}

}  // namespace qmnist
