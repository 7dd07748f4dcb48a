#include "host/engines/cpu/layers.h"

#include <span>

namespace qmnist {
namespace {

std::size_t fill_up(std::size_t count) {
  return blocks_for(count) * kBlockWidth;
}

/// An arena has weights as [outputs, inputs], a layer as [inputs, outputs].
void load(const DenseLayer& shape, std::span<const float> arena, PackedMatrix& weight,
          PackedMatrix& bias) {
  for (std::size_t output = 0; output < shape.outputs; ++output) {
    const float* row = arena.data() + shape.weight.offset + output * shape.inputs;
    for (std::size_t input = 0; input < shape.inputs; ++input) {
      weight.at(input, output) = row[input];
    }
    bias.at(0, output) = arena[shape.bias.offset + output];
  }
}

void save(const DenseLayer& shape, const PackedMatrix& weight, const PackedMatrix& bias,
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

Layer::Layer(const DenseLayer& shape, PackedMatrix::Panels panels)
    : weight(fill_up(shape.inputs), shape.outputs, panels),
      bias(1, shape.outputs, panels),
      weight_transposed(fill_up(shape.outputs), shape.inputs) {}

std::vector<Layer> make_layers(const Network& network) {
  std::vector<Layer> layers;
  for (const DenseLayer& shape : network.layers()) {
    layers.emplace_back(shape, panels_of(layers.size()));
  }
  return layers;
}

std::size_t bytes_of_layers(const Network& network, bool with_ema) {
  const std::size_t copies = with_ema ? 4 : 3;  // values, two moments, EMA
  std::size_t bytes = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const DenseLayer& shape = network.layers()[l];
    const PackedMatrix::Panels panels = panels_of(l);
    bytes += copies * (PackedMatrix::bytes(fill_up(shape.inputs), shape.outputs, panels) +
                       PackedMatrix::bytes(1, shape.outputs, panels)) +
             PackedMatrix::bytes(fill_up(shape.outputs), shape.inputs);
  }
  return bytes;
}

void update_ema_blocks(const OptimizerStep<float>& step, Range blocks, Parameters& parameters) {
  for (std::size_t block = blocks.begin; block < blocks.end; ++block) {
    for (std::size_t row = 0; row < parameters.values.rows(); ++row) {
      const float* values = parameters.values.row(block, row);
      float* ema = parameters.ema.row(block, row);
      for (std::size_t i = 0; i < kBlockWidth; ++i) {
        ema_update(step, values[i], ema[i]);
      }
    }
  }
}

void load_state(const Network& network, const TrainingState& state, bool with_ema,
                std::vector<Layer>& layers) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const DenseLayer& shape = network.layers()[l];
    auto& [weight, bias, weight_transposed] = layers[l];
    if (with_ema) {
      weight.ema = PackedMatrix(weight.values.rows(), shape.outputs, panels_of(l));
      bias.ema = PackedMatrix(1, shape.outputs, panels_of(l));
      load(shape, state.eval_parameters(), weight.ema, bias.ema);
    }
    load(shape, state.parameters, weight.values, bias.values);
    load(shape, state.first_moments, weight.first_moments, bias.first_moments);
    load(shape, state.second_moments, weight.second_moments, bias.second_moments);
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
  TrainingState state{zeros, zeros, zeros, {}, step};
  if (layers.front().weight.ema.rows() > 0) {
    state.ema = zeros;
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const DenseLayer& shape = network.layers()[l];
    const auto& [weight, bias, weight_transposed] = layers[l];
    save(shape, weight.values, bias.values, state.parameters);
    save(shape, weight.first_moments, bias.first_moments, state.first_moments);
    save(shape, weight.second_moments, bias.second_moments, state.second_moments);
    if (!state.ema.empty()) {
      save(shape, weight.ema, bias.ema, state.ema);
    }
  }
  return state;
}

}  // namespace qmnist
