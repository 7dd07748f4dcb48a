#include "host/model/network.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "host/model/random_stream.h"

namespace qmnist {
namespace {

constexpr std::size_t kAlignment = 256 / sizeof(float);

constexpr std::size_t align(std::size_t offset) {
  return (offset + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Network::Network(std::size_t inputs, std::span<const std::size_t> hidden, std::size_t classes,
                 Activation activation)
    : activation_(activation) {
  std::vector<std::size_t> outputs(hidden.begin(), hidden.end());
  outputs.push_back(classes);
  const auto place = [this](std::string name, std::vector<std::size_t> shape, std::size_t size) {
    const std::size_t offset = arena_size_;
    arena_size_ = align(offset + size);
    return Tensor{std::move(name), std::move(shape), offset, size};
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::size_t position = 2 * i;  // an activation stands between two dense layers
    Tensor weight =
        place(fmt::format("{}.weight", position), {outputs[i], inputs}, outputs[i] * inputs);
    Tensor bias = place(fmt::format("{}.bias", position), {outputs[i]}, outputs[i]);
    layers_.push_back({inputs, outputs[i], std::move(weight), std::move(bias)});
    inputs = outputs[i];
  }
}

std::size_t Network::parameter_count() const {
  std::size_t count = 0;
  for (const DenseLayer& layer : layers_) {
    count += layer.weight.size + layer.bias.size;
  }
  return count;
}

std::vector<Tensor> Network::tensors() const {
  std::vector<Tensor> tensors;
  for (const DenseLayer& layer : layers_) {
    tensors.push_back(layer.weight);
    tensors.push_back(layer.bias);
  }
  return tensors;
}

std::vector<std::span<const float>> TrainingState::arenas() const {
  std::vector<std::span<const float>> arenas{parameters};
  arenas.insert(arenas.end(), moments.begin(), moments.end());
  arenas.emplace_back(ema);
  return arenas;
}

Arenas moments_or_zeros(const TrainingState& state, std::size_t count) {
  if (state.moments.empty()) {
    Arenas zeros(count, std::vector<float>(state.parameters.size()));
    return zeros;
  }
  if (state.moments.size() != count) {
    throw std::invalid_argument("moments of another optimizer");
  }
  return state.moments;
}

TrainingState initial_state(const Network& network, std::uint32_t seed) {
  TrainingState state{.parameters = std::vector<float>(network.arena_size())};
  std::mt19937 generator = random_stream(seed, RandomUse::kWeights, 0);
  for (const DenseLayer& layer : network.layers()) {
    // Glorot and Bengio 2010: U(-limit, limit), limit = sqrt(6 / (fan in + fan out))
    const double limit = std::sqrt(6.0 / static_cast<double>(layer.inputs + layer.outputs));
    const std::span weight =
        std::span(state.parameters).subspan(layer.weight.offset, layer.weight.size);
    for (float& value : weight) {
      const double uniform = (static_cast<double>(generator()) + 0.5) * 0x1p-32;  // in (0, 1)
      value = static_cast<float>((2 * uniform - 1) * limit);
    }
  }
  return state;
}

}  // namespace qmnist
