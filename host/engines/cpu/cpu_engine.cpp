#include "host/engines/cpu/cpu_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/engines/cpu/cpu_info.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/cpu/softmax_rows.h"
#include "host/engines/predict_by_ranks.h"
#include "host/system/available_cpus.h"

namespace qmnist::cpu {
namespace {

/// The first layer is not worth sharing among more: with fewer than four vectors of outputs, a
/// thread waits for its own sums. At least one, also where the settings leave the number open (0).
std::size_t useful_threads(const EngineSettings& settings) {
  const std::size_t blocks = blocks_for(settings.network.layers().front().outputs);
  const std::size_t blocks_of_thread = std::max<std::size_t>(4 * vector_floats() / kBlockWidth, 2);
  return std::max<std::size_t>(std::min(blocks / blocks_of_thread, settings.threads), 1);
}

PackedMatrix::Panels first_panels(const EngineSettings& settings) {
  return first_layer_panels(settings.network.layers().front().outputs, useful_threads(settings));
}

std::vector<Layer> make_gradients(const EngineSettings& settings) {
  return make_layers(settings.network, first_panels(settings), 0);
}

RankOf rank_of(const EngineSettings& settings) {
  return {settings.rank(), settings.ranks()};
}

std::span<const std::uint32_t> up_to(std::size_t count, std::span<const std::uint32_t> indices) {
  return indices.first(std::min(count, indices.size()));
}

/// To train, they have nothing in common; to predict, the first one's threads work for all.
std::vector<std::unique_ptr<Engine>> make_cpu_engines(std::vector<EngineSettings> settings) {
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<CpuEngine*> group;
  for (EngineSettings& of_engine : settings) {
    if (!of_engine.is_training && !group.empty()) {
      of_engine.threads = 1;
    }
    auto engine = std::make_unique<CpuEngine>(std::move(of_engine));
    group.push_back(engine.get());
    engines.push_back(std::move(engine));
  }
  group.front()->join_group(group);
  return engines;
}

}  // namespace

const EngineKind kEngineKind{
    .name = "cpu",
    .title = "CPU",
    .auto_kernels = Kernels::kFixedOrder,
    .is_numbered = false,
    .host_bytes = CpuEngine::bytes,
    .device_bytes = [](const EngineSettings& /*any*/) -> std::size_t { return 0; },
    .make_group = make_cpu_engines,
    .networks_at_once = [](const EngineSettings& /*any*/) -> std::size_t { return 1; },
    .devices = []() -> std::vector<std::string> {
      return {fmt::format("{}, {} threads, {}", cpu_model(), available_cpus(), instruction_set())};
    },
    .device_of_rank = [](World& /*any*/) -> std::size_t { return 0; },
    .obstacle_to_ranks = [] { return std::string(); },
};

CpuEngine::CpuEngine(EngineSettings settings)
    : settings_(std::move(settings)),
      world_(settings_.world == nullptr ? alone() : *settings_.world),
      augmentation_(settings_.augmentation, settings_.seed),
      dropout_(settings_.regularization.dropout),
      pool_(useful_threads(settings_)),
      sparse_layers_(sparse_layers(settings_.network)),
      layers_(make_layers(settings_.network, first_panels(settings_),
                          moment_count(settings_.optimizer.name), rank_of(settings_))),
      was_nonzero_(settings_.network.inputs()),
      training_(settings_.network, first_panels(settings_), settings_.batch_size) {
  set_state(initial_state(settings_.network, 0));
  if (world_.size() > 1) {
    exchange_.emplace(world_, settings_.network, settings_.slices / world_.size());
    losses_.resize(settings_.batch_size);
  }
  if (augmentation_.active()) {
    distorted_.resize(settings_.batch_size * settings_.network.inputs());
    rows_.resize(settings_.batch_size);
    std::iota(rows_.begin(), rows_.end(), 0U);
  }
}

std::size_t CpuEngine::bytes(const EngineSettings& settings) {
  const Network& network = settings.network;
  const bool has_ema = settings.regularization.ema_decay > 0;
  const bool distorts = settings.augmentation.any();
  const std::size_t ranks = settings.ranks();
  const std::size_t gradients = (needs_sums(settings) ? 1 : 0) + (ranks > 1 ? 1 : 0);
  return bytes_of_layers(network, first_panels(settings), moment_count(settings.optimizer.name),
                         has_ema, rank_of(settings)) +
         gradients * bytes_of_layers(network, first_panels(settings), 0, false) +
         (ranks > 1 ? RankExchange::bytes(ranks, network, settings.slices / ranks) : 0) +
         Workspace::bytes(network, first_panels(settings), settings.batch_size) + network.inputs() +
         (distorts ? settings.batch_size * (network.inputs() + sizeof(std::uint32_t)) : 0);
}

std::string CpuEngine::device() const {
  const std::string of_all =
      pool_.size() < settings_.threads ? fmt::format(" of {}", settings_.threads) : "";
  return fmt::format("CPU: {}, {} thread{}{}, {}", cpu_model(), pool_.size(),
                     pool_.size() == 1 ? "" : "s", of_all, instruction_set());
}

void CpuEngine::set_state(const TrainingState& state) {
  load_state(settings_.network, state, has_ema(), layers_);
  step_ = state.step;
  if (needs_sums()) {
    sums_ = make_gradients(settings_);  // zeros for pixels that are not in was_nonzero_
  }
  if (world_.size() > 1) {
    slice_ = make_gradients(settings_);
  }
  const DenseLayer& first = settings_.network.layers().front();
  std::ranges::fill(was_nonzero_, settings_.optimizer.weight_decay > 0 ? 1 : 0);
  for (const std::vector<float>& moments : state.moments) {
    for (std::size_t i = 0; i < first.weight.size; ++i) {
      if (moments[first.weight.offset + i] != 0) {
        was_nonzero_[i % first.inputs] = 1;
      }
    }
  }
}

TrainingState CpuEngine::state() const {
  TrainingState state = save_state(settings_.network, layers_, step_);
  if (exchange_) {
    for (std::vector<float>& moments : state.moments) {
      exchange_->gather_arena(moments);
    }
  }
  return state;
}

void CpuEngine::begin(Workspace& workspace, const DataView& data, Indices batch, Indices next,
                      const RowRandom* random) {
  SparseBatch& sparse_batch = workspace.sparse_batch[0];
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    load_batch(sparse_batch, data, batch, next, thread, num_threads);
  });
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    forward_first(workspace, sparse_batch, batch.size(), random, thread, num_threads);
  });
}

void CpuEngine::begin_distorted(const DataView& data, const Batch& batch, const Batch& next) {
  SparseBatch& sparse_batch = training_.sparse_batch[0];
  const RowRandom random = step_random(batch);
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    distort_batch(data, batch, step_, thread, num_threads);
  });
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    load_distorted_batch(sparse_batch, data, batch.images, thread, num_threads);
  });
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    forward_first(training_, sparse_batch, batch.images.size(), &random, thread, num_threads);
    distort_batch(data, next, step_ + 1, thread, num_threads);
  });
}

void CpuEngine::begin_step(const DataView& data, const Batch& batch, const Batch& next) {
  if (augmentation_.active()) {
    begin_distorted(data, batch, next);
  } else {
    const RowRandom random = step_random(batch);
    begin(training_, data, batch.images, next.images, &random);
  }
}

void CpuEngine::train(const DataView& data, std::span<const std::uint32_t> order,
                      RunningMetrics& metrics, const StepCallback& keep_going) {
  const auto batch_from = [&](std::size_t first) {
    return part_of(up_to(settings_.batch_size, order.subspan(std::min(first, order.size()))));
  };
  Batch batch = batch_from(metrics.samples);
  Batch next = batch_from(metrics.samples + batch.all_rows);
  const bool distorts = augmentation_.active();
  soft_rows_ = {0, 0};
  begin_step(data, batch, next);
  for (bool go_on = true; go_on && batch.all_rows > 0;) {
    SparseBatch& sparse_batch = training_.sparse_batch[0];
    SparseBatch& next_sparse_batch = training_.sparse_batch[1];
    const Batch after_next = batch_from(metrics.samples + batch.all_rows + next.all_rows);
    if (settings_.teacher.any()) {
      batch.soft_labels = soft_labels_of(batch, data, order, metrics.samples);
    }
    pool_.run([&](std::size_t thread, std::size_t num_threads) {
      forward_backward(training_, data, batch, thread, num_threads);
      if (distorts) {
        load_distorted_batch(next_sparse_batch, data, next.images, thread, num_threads);
      } else {
        load_batch(next_sparse_batch, data, next.images, after_next.images, thread, num_threads);
      }
    });
    const double learning_rate = settings_.schedule.learning_rate(step_);
    const auto step = optimizer_scalars<float>(settings_.optimizer, learning_rate, ++step_,
                                               settings_.regularization.ema_decay);
    const RowRandom random = step_random(next);
    if (needs_sums()) {
      optimizer_step_by_sums(sparse_batch, batch, step);
    }
    pool_.run([&](std::size_t thread, std::size_t num_threads) {
      if (!needs_sums()) {
        update_layers(sparse_batch, {0, batch.all_rows}, {settings_.optimizer.name, step}, nullptr,
                      thread, num_threads);
      }
      forward_first(training_, next_sparse_batch, next.images.size(), &random, thread, num_threads);
      if (distorts) {
        distort_batch(data, after_next, step_ + 1, thread, num_threads);
      }
    });
    if (has_ema()) {
      pool_.run([&](std::size_t thread, std::size_t num_threads) {
        update_ema(step, thread, num_threads);
      });
    }
    add_metrics(batch, metrics);
    go_on = keep_going(metrics);
    std::swap(sparse_batch, next_sparse_batch);
    batch = next;
    next = after_next;
  }
}

std::span<const float> CpuEngine::soft_labels_of(const Batch& batch, const DataView& data,
                                                 Indices order, std::size_t first) {
  if (first >= soft_rows_.end) {
    constexpr std::size_t kImages = 4096;  // so many that the threads need not wait for each other
    const std::size_t batches = std::max<std::size_t>(kImages / settings_.batch_size, 1);
    const Indices images = up_to(batches * settings_.batch_size, order.subspan(first));
    soft_labels_ = soft_labels(settings_, data, images, step_);
    soft_rows_ = {first, first + images.size()};
  }
  const std::size_t classes = settings_.network.classes();
  return std::span(soft_labels_)
      .subspan((first - soft_rows_.begin + batch.first_row) * classes,
               batch.images.size() * classes);
}

std::vector<float> CpuEngine::gradients(const DataView& data,
                                        std::span<const std::uint32_t> batch) {
  const std::vector<float> soft = soft_labels(settings_, data, batch, step_);
  const Batch whole{batch, 0, batch.size(), soft};
  begin_step(data, whole, {});
  std::vector<Layer> gradients = make_gradients(settings_);
  pool_.run([&](std::size_t thread, std::size_t num_threads) {
    forward_backward(training_, data, whole, thread, num_threads);
  });
  sum_slices(training_.sparse_batch[0], batch.size(), gradients);
  return save_state(settings_.network, gradients, 0).parameters;
}

std::vector<float> CpuEngine::predict(const DataView& data,
                                      std::span<const std::uint32_t> indices) {
  const auto predict_here = [&](Indices images) {
    CpuEngine* const only_this = this;
    return predict_by({&only_this, 1}, data, images);
  };
  return exchange_ ? predict_by_ranks(world_, indices, settings_.network.classes(), predict_here)
                   : predict_here(indices);
}

std::vector<float> CpuEngine::predict_by_group(const DataView& data,
                                               std::span<const std::uint32_t> indices) {
  return predict_by(group_, data, indices);
}

std::vector<float> CpuEngine::predict_by(std::span<CpuEngine* const> engines, const DataView& data,
                                         std::span<const std::uint32_t> indices) {
  constexpr std::size_t kRows = 512;  // efficient matrix products, and fits in the cache
  const std::size_t classes = settings_.network.classes();
  Workspace workspace(settings_.network, first_panels(settings_), kRows);
  SparseBatch& sparse_batch = workspace.sparse_batch[0];
  std::vector<float> probabilities(engines.size() * indices.size() * classes);
  for (std::size_t first = 0; first < indices.size(); first += kRows) {
    const Indices batch = up_to(kRows, indices.subspan(first));
    const Indices next = up_to(kRows, indices.subspan(first + batch.size()));
    pool_.run([&](std::size_t thread, std::size_t num_threads) {
      load_batch(sparse_batch, data, batch, next, thread, num_threads);
    });
    for (std::size_t i = 0; i < engines.size(); ++i) {
      const CpuEngine& engine = *engines[i];
      const auto result = std::span(probabilities).subspan((i * indices.size() + first) * classes);
      pool_.run([&](std::size_t thread, std::size_t num_threads) {
        engine.forward_first(workspace, sparse_batch, batch.size(), nullptr, thread, num_threads);
      });
      pool_.run([&](std::size_t thread, std::size_t num_threads) {
        const Range tiles = share(tiles_for(batch.size()), thread, num_threads);
        engine.forward_rest(workspace, tiles, nullptr);
        softmax_rows(workspace.layers.back().activations, classes, rows_of(tiles, batch.size()),
                     result);
      });
    }
  }
  return probabilities;
}

}  // namespace qmnist::cpu
