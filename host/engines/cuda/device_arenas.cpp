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

DeviceArenas::DeviceArenas(const EngineSettings& settings, WeightLayout layout, cudaStream_t stream,
                           NetworkBlocks& blocks)
    : layers_(settings.network.layers().begin(), settings.network.layers().end()),
      layout_(layout),
      is_training_(settings.is_training),
      moments_(is_training_ ? moment_count(settings.optimizer.name) : 0),
      has_ema_(is_training_ && settings.regularization.ema_decay > 0),
      arena_size_(settings.network.arena_size()),
      stream_(stream),
      arenas_(blocks, (1 + moments_ + (is_training_ ? 1 : 0) + (has_ema_ ? 1 : 0)) * arena_size_) {}

OptimizerArenas DeviceArenas::for_optimizer() {
  OptimizerArenas arenas{.gradients = gradients(),
                         .parameters = parameters(),
                         .moments = {},
                         .ema = has_ema_ ? arena(ema_index()) : nullptr};
  for (std::size_t i = 0; i < moments_; ++i) {
    arenas.moments[i] = arena(1 + i);
  }
  return arenas;
}

void DeviceArenas::set_state(std::size_t network, const TrainingState& state) {
  upload(is_training_ ? state.parameters : state.eval_parameters(), arena(0, network));
  const Arenas start = is_training_ ? moments_or_zeros(state, moments_) : Arenas{};
  for (std::size_t i = 0; i < start.size(); ++i) {
    upload(start[i], arena(1 + i, network));
  }
  if (is_training_) {
    // Those of the gaps between tensors are never written and must be zero.
    QMNIST_CHECK(cudaMemsetAsync(arena(gradients_index(), network), 0, arena_size_ * sizeof(float),
                                 stream_));
  }
  if (has_ema_) {
    upload(state.eval_parameters(), arena(ema_index(), network));
  }
  QMNIST_CHECK(cudaStreamSynchronize(stream_));
}

void DeviceArenas::get_state(std::size_t network, TrainingState& state) const {
  state.moments = download(arena(0, network), 1 + moments_);
  state.parameters = std::move(state.moments.front());
  state.moments.erase(state.moments.begin());
  if (has_ema_) {
    state.ema = download(arena(ema_index(), network), 1).front();
  }
}

std::vector<float> DeviceArenas::download_gradients(std::size_t network) const {
  return download(arena(gradients_index(), network), 1).front();
}

void DeviceArenas::upload(const std::vector<float>& values, float* arena) {
  // A copy from pageable memory has read it when the call returns.
  const std::vector<float> laid_out = change_layout(values, true);
  QMNIST_CHECK(cudaMemcpyAsync(arena, laid_out.data(), arena_size_ * sizeof(float),
                               cudaMemcpyHostToDevice, stream_));
}

Arenas DeviceArenas::download(const float* first_arena, std::size_t count) const {
  std::vector<float> values(count * arena_size_);
  // Copies to pageable memory are complete when the call returns.
  QMNIST_CHECK(cudaMemcpyAsync(values.data(), first_arena, values.size() * sizeof(float),
                               cudaMemcpyDeviceToHost, stream_));
  Arenas arenas;
  for (std::size_t i = 0; i < count; ++i) {
    arenas.push_back(change_layout(std::span(values).subspan(i * arena_size_, arena_size_), false));
  }
  return arenas;
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
