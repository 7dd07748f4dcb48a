#include "host/engines/cuda/device_arenas.h"

#include <algorithm>

namespace qmnist::cuda {
namespace {

/// to[column][row] = from[row][column], in squares whose lines stay in the cache.
void transpose(const float* from, std::size_t rows, std::size_t columns, float* to) {
  constexpr std::size_t kSquare = 32;
  for (std::size_t first_row = 0; first_row < rows; first_row += kSquare) {
    const std::size_t end_row = std::min(first_row + kSquare, rows);
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t row = first_row; row < end_row; ++row) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  }
}

}  // namespace

ArenaShare::ArenaShare(const EngineSettings& settings)
    : ranks(settings.ranks()), size(settings.network.arena_size()) {
  if (ranks > 1) {
    constexpr std::size_t kMultiple = 64;  // for the widest loads of any kernel
    size = (size + ranks * kMultiple - 1) / (ranks * kMultiple) * kMultiple;
    begin = settings.rank() * size;
  }
}

DeviceArenas::DeviceArenas(const EngineSettings& settings, WeightLayout layout, cudaStream_t stream,
                           NetworkBlocks& blocks)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      layout_(layout),
      is_training_(settings.is_training),
      moments_(is_training_ ? moment_count(settings.optimizer.name) : 0),
      has_ema_(is_training_ && settings.regularization.ema_decay > 0),
      arena_size_(settings.network.arena_size()),
      share_(settings),
      world_(settings.world),
      stream_(stream),
      state_(blocks, share_.arena() + moments_ * share_.size),
      gradients_(blocks, is_training_ ? share_.arena() : 0),
      ema_(blocks, has_ema_ ? share_.arena() : 0) {}

OptimizerArenas DeviceArenas::for_optimizer() {
  OptimizerArenas arenas{.gradients = gradients() + share_.begin,
                         .parameters = parameters() + share_.begin,
                         .moments = {},
                         .ema = has_ema_ ? ema() + share_.begin : nullptr};
  for (std::size_t i = 0; i < moments_; ++i) {
    arenas.moments[i] = moment(i);
  }
  return arenas;
}

void DeviceArenas::set_state(std::size_t network, const TrainingState& state) {
  const Range whole{0, share_.arena()};
  const Range own{share_.begin, share_.begin + share_.size};
  upload(is_training_ ? state.parameters : state.eval_parameters(), whole, state_.data(network));
  const Arenas start = is_training_ ? moments_or_zeros(state, moments_) : Arenas{};
  for (std::size_t i = 0; i < start.size(); ++i) {
    upload(start[i], own, moment(i, network));
  }
  if (is_training_) {
    // Those of the gaps between tensors are never written and must be zero.
    QMNIST_CHECK(
        cudaMemsetAsync(gradients_.data(network), 0, share_.arena() * sizeof(float), stream_));
  }
  if (has_ema_) {
    upload(state.eval_parameters(), whole, ema_.data(network));
  }
  QMNIST_CHECK(cudaStreamSynchronize(stream_));
}

void DeviceArenas::get_state(std::size_t network, TrainingState& state) const {
  const std::vector<float> values = download(state_.data(network), state_.size());
  state.parameters = change_layout(std::span(values).first(arena_size_), false);
  state.moments.clear();
  for (std::size_t i = 0; i < moments_; ++i) {
    const auto share = std::span(values).subspan(share_.arena() + i * share_.size, share_.size);
    state.moments.push_back(change_layout(gather(share), false));
  }
  if (has_ema_) {
    state.ema = change_layout(download(ema_.data(network), arena_size_), false);
  }
}

std::vector<float> DeviceArenas::download_gradients(std::size_t network) const {
  return change_layout(download(gradients_.data(network), arena_size_), false);
}

void DeviceArenas::upload(const std::vector<float>& arena, Range part, float* to) {
  // A copy from pageable memory has read it when the call returns.
  std::vector<float> laid_out = change_layout(arena, true);
  laid_out.resize(share_.arena());
  QMNIST_CHECK(cudaMemcpyAsync(to, laid_out.data() + part.begin, part.size() * sizeof(float),
                               cudaMemcpyHostToDevice, stream_));
}

std::vector<float> DeviceArenas::download(const float* values, std::size_t count) const {
  std::vector<float> downloaded(count);
  // A copy to pageable memory is complete when the call returns.
  QMNIST_CHECK(cudaMemcpyAsync(downloaded.data(), values, count * sizeof(float),
                               cudaMemcpyDeviceToHost, stream_));
  return downloaded;
}

std::vector<float> DeviceArenas::gather(std::span<const float> share) const {
  std::vector<float> arena(share_.arena());
  std::ranges::copy(share, arena.begin() + static_cast<std::ptrdiff_t>(share_.begin));
  if (share_.ranks > 1) {
    const std::vector<std::size_t> bytes(share_.ranks, share_.size * sizeof(float));
    world_->all_gather(std::as_writable_bytes(std::span(arena)), bytes);
  }
  arena.resize(arena_size_);
  return arena;
}

std::vector<float> DeviceArenas::change_layout(std::span<const float> arena, bool to_device) const {
  std::vector<float> laid_out(arena.begin(), arena.end());
  if (layout_ == WeightLayout::kInputsOutputs) {
    for (const DenseLayer& layer : layers_) {
      transpose(arena.data() + layer.weight.offset, to_device ? layer.outputs : layer.inputs,
                to_device ? layer.inputs : layer.outputs, laid_out.data() + layer.weight.offset);
    }
  }
  return laid_out;
}

}  // namespace qmnist::cuda
