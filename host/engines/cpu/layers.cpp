#include "host/engines/cpu/layers.h"

#include <algorithm>
#include <span>

namespace qmnist::cpu {
namespace {

constexpr auto kNarrow = PackedMatrix::Panels::kNarrow;

std::size_t fill_up(std::size_t count) {
  return blocks_for(count) * kBlockWidth;
}

Parameters make_parameters(std::size_t rows, std::size_t columns, PackedMatrix::Panels panels,
                           std::size_t moments, Range stepped) {
  Parameters parameters{.values = {rows, columns, panels}, .moments = {}, .ema = {}};
  for (std::size_t i = 0; i < moments; ++i) {
    parameters.moments.emplace_back(rows, columns, panels, stepped);
  }
  return parameters;
}

/// Those of the outputs of the layer before, where both layers' products leave out zeros.
PackedMatrix::Panels transposed_panels_of(const Network& network, PackedMatrix::Panels first,
                                          std::size_t layer) {
  return layer > 0 && layer < sparse_layers(network) ? panels_of(network, first, layer - 1)
                                                     : kNarrow;
}

/// The outputs whose weights are in memory.
Range kept_outputs(const DenseLayer& shape, const PackedMatrix& weight) {
  const Range blocks = weight.kept();
  return {std::min(blocks.begin * kBlockWidth, shape.outputs),
          std::min(blocks.end * kBlockWidth, shape.outputs)};
}

/// An arena has weights as [outputs, inputs], a layer as [inputs, outputs].
void load(const DenseLayer& shape, std::span<const float> arena, PackedMatrix& weight,
          PackedMatrix& bias) {
  const Range outputs = kept_outputs(shape, weight);
  for (std::size_t output = outputs.begin; output < outputs.end; ++output) {
    const float* row = arena.data() + shape.weight.offset + output * shape.inputs;
    for (std::size_t input = 0; input < shape.inputs; ++input) {
      weight.at(input, output) = row[input];
    }
    bias.at(0, output) = arena[shape.bias.offset + output];
  }
}

void save(const DenseLayer& shape, const PackedMatrix& weight, const PackedMatrix& bias,
          std::span<float> arena) {
  const Range outputs = kept_outputs(shape, weight);
  for (std::size_t output = outputs.begin; output < outputs.end; ++output) {
    float* row = arena.data() + shape.weight.offset + output * shape.inputs;
    for (std::size_t input = 0; input < shape.inputs; ++input) {
      row[input] = weight.at(input, output);
    }
    arena[shape.bias.offset + output] = bias.at(0, output);
  }
}

}  // namespace

std::size_t sparse_layers(const Network& network) {
  const std::span<const DenseLayer> layers = network.layers();
  if (network.activation() != Activation::kRelu) {
    return 1;
  }
  std::size_t count = 1;
  while (count + 1 < layers.size() && layers[count].inputs >= kLeastSparseUnits &&
         layers[count].outputs >= kLeastSparseUnits) {
    ++count;
  }
  return count;
}

PackedMatrix::Panels panels_of(const Network& network, PackedMatrix::Panels first,
                               std::size_t layer) {
  if (layer == 0) {
    return first;
  }
  return layer < sparse_layers(network) ? PackedMatrix::Panels::kWidest : kNarrow;
}

Layer::Layer(const DenseLayer& shape, PackedMatrix::Panels panels, PackedMatrix::Panels transposed,
             std::size_t moments, RankOf rank)
    : weight(make_parameters(fill_up(shape.inputs), shape.outputs, panels, moments,
                             blocks_of_rank(shape, rank))),
      bias(make_parameters(1, shape.outputs, panels, moments, blocks_of_rank(shape, rank))),
      weight_transposed(fill_up(shape.outputs), shape.inputs, transposed) {}

std::vector<Layer> make_layers(const Network& network, PackedMatrix::Panels first,
                               std::size_t moments, RankOf rank) {
  std::vector<Layer> layers;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    layers.emplace_back(network.layers()[l], panels_of(network, first, l),
                        transposed_panels_of(network, first, l), moments, rank);
  }
  return layers;
}

std::size_t bytes_of_layers(const Network& network, PackedMatrix::Panels first, std::size_t moments,
                            bool with_ema, RankOf rank) {
  const std::size_t copies = with_ema ? 2 : 1;
  std::size_t bytes = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const DenseLayer& shape = network.layers()[l];
    const PackedMatrix::Panels panels = panels_of(network, first, l);
    const std::size_t rows = fill_up(shape.inputs) + 1;  // and the bias
    bytes += copies * PackedMatrix::bytes(rows, shape.outputs, panels) +
             moments * PackedMatrix::bytes(rows, panels, blocks_of_rank(shape, rank)) +
             PackedMatrix::bytes(fill_up(shape.outputs), shape.inputs,
                                 transposed_panels_of(network, first, l));
  }
  return bytes;
}

void load_state(const Network& network, const TrainingState& state, bool with_ema,
                std::vector<Layer>& layers) {
  const Arenas moments = moments_or_zeros(state, layers.front().weight.moments.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const DenseLayer& shape = network.layers()[l];
    auto& [weight, bias, weight_transposed] = layers[l];
    if (with_ema) {
      weight.ema = PackedMatrix(weight.values.rows(), shape.outputs, weight.values.panels());
      bias.ema = PackedMatrix(1, shape.outputs, bias.values.panels());
      load(shape, state.eval_parameters(), weight.ema, bias.ema);
    }
    load(shape, state.parameters, weight.values, bias.values);
    for (std::size_t i = 0; i < weight.moments.size(); ++i) {
      load(shape, moments[i], weight.moments[i], bias.moments[i]);
    }
    for (std::size_t input = 0; input < shape.inputs; ++input) {
      for (std::size_t output = 0; output < shape.outputs; ++output) {
        weight_transposed.at(output, input) = weight.values.at(input, output);
      }
    }
  }
}

TrainingState save_state(const Network& network, const std::vector<Layer>& layers,
                         std::uint64_t step) {
  const std::vector<float> zeros(network.arena_size());
  TrainingState state{.parameters = zeros,
                      .moments = Arenas(layers.front().weight.moments.size(), zeros),
                      .ema = {},
                      .step = step};
  if (layers.front().weight.ema.rows() > 0) {
    state.ema = zeros;
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const DenseLayer& shape = network.layers()[l];
    const auto& [weight, bias, weight_transposed] = layers[l];
    save(shape, weight.values, bias.values, state.parameters);
    for (std::size_t i = 0; i < weight.moments.size(); ++i) {
      save(shape, weight.moments[i], bias.moments[i], state.moments[i]);
    }
    if (!state.ema.empty()) {
      save(shape, weight.ema, bias.ema, state.ema);
    }
  }
  return state;
}

}  // namespace qmnist::cpu
