// Times each phase of a training step on the CPU with one thread, and whole steps with any number
// of threads, on real data. bench/README.md says how to read it.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "bench/cpu_peaks.h"
#include "host/config/config.h"
#include "host/data/split.h"
#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/cpu_info.h"
#include "host/engines/cpu/dense_layer.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/cpu/softmax_rows.h"
#include "host/engines/cpu/sparse_layer.h"
#include "host/engines/cpu/thread_pool.h"
#include "host/engines/cuda/chunk.h"

namespace qmnist::cpu {
namespace {

using benchmark::State;

constexpr std::size_t kBatch = 32;
/// Batches timed in turn, so that branches are as hard to predict as in training.
constexpr std::size_t kBatches = 64;
constexpr std::size_t kHidden = 128;  // outputs of the first layer
constexpr auto kWide = first_layer_panels(kHidden, 1);
constexpr auto kNarrow = PackedMatrix::Panels::kNarrow;
constexpr std::size_t kAdamMoments = moment_count(OptimizerName::kAdam);

/// The data set, the order of its training samples, and the first batches of that order.
struct TrainingData {
  explicit TrainingData(const Config& config)
      : dataset(load_dataset(config.data)), order(split_dataset(config.data, dataset).train) {
    for (std::size_t i = 0; i < kBatches; ++i) {
      SparseBatch& sparse_batch = batches.emplace_back(kPixels, kBatch);
      sparse_batch.load(dataset.view(), batch(i), {}, {0, sparse_batch.tiles()});
      for (std::size_t tile = 0; tile < sparse_batch.tiles(); ++tile) {
        for (std::size_t row = 0; row < kBatch; ++row) {
          nonzero_pixels +=
              std::popcount(sparse_batch.nonzero().of_rows(tile)[row]) / double{kBatches};
        }
      }
    }
  }

  [[nodiscard]] std::span<const std::uint32_t> batch(std::size_t step) const {
    return std::span(order).subspan(step % (order.size() / kBatch) * kBatch, kBatch);
  }

  Dataset dataset;
  std::vector<std::uint32_t> order;
  std::vector<SparseBatch> batches;
  double nonzero_pixels = 0;  ///< per batch, on average
};

/// The minimum work of a phase.
struct Work {
  double flops = 0;
  double bytes = 0;
  double roots = 0;
};

/// Reports a phase's floor, its minimum time at the machine's peak rates, and the share of it.
void report(State& state, const CpuPeaks& peaks, const Work& work) {
  constexpr auto kRate = benchmark::Counter::kIsIterationInvariantRate;
  const double floor =
      std::max({work.flops / peaks.flops, work.bytes / peaks.bytes, work.roots / peaks.roots});
  state.counters["GFLOP/s"] = {work.flops * 1e-9, kRate};
  state.counters["floor_us"] = {floor * 1e6};
  state.counters["%floor"] = {100 * floor, kRate};
}

/// Small values of both signs.
PackedMatrix some_values(std::size_t rows, std::size_t columns, PackedMatrix::Panels panels) {
  PackedMatrix matrix(rows, columns, panels);
  for (std::size_t i = 0; i < rows * columns; ++i) {
    matrix.at(i / columns, i % columns) = 0.01F * (static_cast<float>(i * 37 % 11) - 5);
  }
  return matrix;
}

/// Adds a benchmark of work(step), step = 0, 1, ...
template <typename Run>
void add(const std::string& name, const CpuPeaks& peaks, const Work& work, const Run& run) {
  benchmark::RegisterBenchmark(name.c_str(), [=, &peaks](State& state) {
    std::size_t step = 0;
    for (auto _ : state) {
      run(step++);
    }
    report(state, peaks, work);
  });
}

void add_first_layer(const TrainingData& data, const CpuPeaks& peaks) {
  const auto sparse_batch = std::make_shared<SparseBatch>(kPixels, kBatch);
  add("load_batch", peaks, {.bytes = 2.0 * kBatch * kPixels},
      [&data, sparse_batch](std::size_t step) {
        sparse_batch->load(data.dataset.view(), data.batch(step), data.batch(step + 1),
                           {0, sparse_batch->tiles()});
      });

  const auto parameters = std::make_shared<Parameters>(
      Layer({.inputs = kPixels, .outputs = kHidden, .weight = {}, .bias = {}}, kWide, kNarrow,
            kAdamMoments)
          .weight);
  const auto bias = std::make_shared<PackedMatrix>(1, kHidden, kWide);
  const auto outputs = std::make_shared<PackedMatrix>(some_values(kBatch, kHidden, kWide));
  const double products = 2.0 * kHidden * data.nonzero_pixels;
  add("sparse_forward/784x128", peaks, {.flops = products, .bytes = 4.0 * kPixels * kHidden},
      [&data, parameters, bias, outputs](std::size_t step) {
        sparse_forward(data.batches[step % kBatches], kBatch, parameters->values, *bias, true,
                       {0, outputs->blocks()}, *outputs);
      });

  const auto deltas = std::make_shared<PackedMatrix>(some_values(kBatch, kHidden, kWide));
  constexpr double kParameters = kPixels * kHidden;
  add("sparse_update/784x128", peaks,
      {.flops = products + 11 * kParameters, .bytes = 24 * kParameters, .roots = kParameters},
      [&data, parameters, deltas](std::size_t step) {
        static const std::vector<std::uint8_t> was_nonzero(kPixels, 1);
        sparse_update(data.batches[step % kBatches], *deltas, {0, kBatch}, was_nonzero,
                      {0, deltas->blocks()}, {.step = optimizer_scalars<float>({}, 1e-3, step + 1)},
                      *parameters);
      });
}

/// Zeros in place of values but for a share of them, scattered.
void put_zeros(PackedMatrix& matrix, std::size_t columns, double share) {
  std::uint32_t random = 1;
  for (std::size_t i = 0; i < matrix.rows() * columns; ++i) {
    random = random * 1664525U + 1013904223U;
    float& value = matrix.at(i / columns, i % columns);
    value = random < share * 0x1p32 ? std::abs(value) + 0.01F : 0;
  }
}

/// A layer after the first.
/// @param share of inputs and deltas that are not zero, if the products leave out the others
void add_layer(const CpuPeaks& peaks, std::size_t rows, std::size_t inputs, std::size_t outputs,
               std::optional<double> share = {}) {
  const auto panels = share ? PackedMatrix::Panels::kWidest : kNarrow;
  const auto layer = std::make_shared<Layer>(Network(inputs, {}, outputs).layers().front(), panels,
                                             panels, kAdamMoments);
  const auto x = std::make_shared<PackedMatrix>(some_values(rows, inputs, panels));
  const auto z = std::make_shared<PackedMatrix>(some_values(rows, outputs, panels));
  const auto deltas = std::make_shared<PackedMatrix>(some_values(rows, outputs, panels));
  const auto of_x = share ? std::make_shared<NonzeroBits>(rows, inputs) : nullptr;
  const auto of_deltas = share ? std::make_shared<NonzeroBits>(rows, outputs) : nullptr;
  if (share) {
    put_zeros(*x, inputs, *share);
    put_zeros(*deltas, outputs, *share);
    of_x->find(*x, {0, rows});
    of_x->transpose({0, inputs});
    of_deltas->find(*deltas, {0, rows});
  }
  const std::string shape = fmt::format("/{}x{}x{}{}", rows, inputs, outputs,
                                        share ? fmt::format("/{:.0f}%", *share * 100) : "");
  const auto weights = static_cast<double>(inputs * outputs);
  const double products = 2.0 * static_cast<double>(rows) * weights * share.value_or(1);
  const Range tiles{0, rows / kTileRows};
  add("dense_forward" + shape, peaks, {.flops = products}, [=](std::size_t) {
    dense_forward(*x, of_x.get(), layer->weight.values, layer->bias.values, true, tiles, *z);
  });
  const auto input_deltas = std::make_shared<PackedMatrix>(rows, inputs, panels);
  add("dense_backward" + shape, peaks, {.flops = products}, [=](std::size_t) {
    dense_backward(*deltas, of_deltas.get(), layer->weight_transposed, x.get(), tiles,
                   *input_deltas);
  });
  add("dense_update" + shape, peaks,
      {.flops = products + 11 * weights, .bytes = 24 * weights, .roots = weights},
      [=](std::size_t step) {
        const Update update{.step = optimizer_scalars<float>({}, 1e-3, step + 1)};
        bias_update(*deltas, {0, rows}, {0, deltas->blocks()}, update, layer->bias);
        dense_update(*x, of_x.get(), *deltas, {0, rows}, {0, blocks_for(inputs)}, update,
                     layer->weight, layer->weight_transposed);
      });
}

void add_loss(const CpuPeaks& peaks) {
  const auto logits = std::make_shared<PackedMatrix>(some_values(kBatch, kDigitCount, kNarrow));
  const auto deltas = std::make_shared<PackedMatrix>(kBatch, kDigitCount);
  const auto losses = std::make_shared<std::vector<SampleLoss>>(kBatch);
  const auto labels = std::make_shared<std::vector<std::uint8_t>>(kBatch);
  const auto batch = std::make_shared<std::vector<std::uint32_t>>(kBatch);
  for (std::size_t row = 0; row < kBatch; ++row) {
    (*labels)[row] = static_cast<std::uint8_t>(row % kDigitCount);
    (*batch)[row] = static_cast<std::uint32_t>(row);
  }
  add("loss", peaks, {}, [=](std::size_t /*step*/) {
    loss_rows(*logits, kDigitCount, {{}, *labels, kPixels}, *batch,
              {.scale = 1.0F / kBatch, .params = {}}, {0, kBatch}, *deltas, *losses);
  });
}

void add_predict(const TrainingData& data) {
  benchmark::RegisterBenchmark("predict/threads:1", [&data](State& state) {
    const std::vector<std::size_t> hidden{kHidden, 64};
    CpuEngine engine({.network = Network(kPixels, hidden, kDigitCount),
                      .optimizer = {},
                      .batch_size = kBatch,
                      .threads = 1,
                      .is_training = false});
    for (auto _ : state) {
      benchmark::DoNotOptimize(engine.predict(data.dataset.view(), data.order));
    }
    state.counters["digits/s"] = benchmark::Counter(static_cast<double>(data.order.size()),
                                                    benchmark::Counter::kIsIterationInvariantRate);
  })->UseRealTime();
}

/// Threads begin work that does nothing, and wait for one another.
void add_meeting(std::size_t threads) {
  const std::string name = "meeting/threads:" + std::to_string(threads);
  benchmark::RegisterBenchmark(name.c_str(), [threads](State& state) {
    ThreadPool pool(threads);
    for (auto _ : state) {
      pool.run([](std::size_t /*thread*/, std::size_t /*num_threads*/) {});
    }
  })->UseRealTime();
}

void add_step(const TrainingData& data, std::size_t threads) {
  const std::string name = "step/threads:" + std::to_string(threads);
  benchmark::RegisterBenchmark(name.c_str(), [&data, threads](State& state) {
    const std::vector<std::size_t> hidden{kHidden, 64};
    CpuEngine engine({.network = Network(kPixels, hidden, kDigitCount),
                      .optimizer = {},
                      .batch_size = kBatch,
                      .threads = threads});
    RunningMetrics metrics;
    bool running = state.KeepRunning();
    while (running) {
      engine.train(data.dataset.view(), data.order, metrics,
                   [&](const RunningMetrics&) { return running = state.KeepRunning(); });
      metrics = {};
    }
  })->UseRealTime();
}

/// What the host does for a GPU's training: it gathers the images, or where these are on the device
/// their indices, of a chunk of steps.
void add_chunk(const TrainingData& data, bool by_index) {
  const auto layout = std::make_shared<cuda::ChunkLayout>(
      cuda::ChunkContent{.features = kPixels, .soft_classes = 0, .has_distortions = false},
      cuda::kChunkSamples);
  const auto buffer = std::make_shared<std::vector<std::byte>>(layout->bytes());
  const std::string name = std::string("chunk_of_64_steps/") + (by_index ? "indices" : "images");
  benchmark::RegisterBenchmark(name.c_str(), [=, &data](State& state) {
    const std::vector<StepParams> steps(cuda::kChunkSteps);
    std::size_t first = 0;
    for ([[maybe_unused]] const auto _ : state) {
      const auto indices = std::span(data.order).subspan(first, cuda::kChunkSamples);
      benchmark::DoNotOptimize(
          layout->write(buffer->data(), data.dataset.view(), {indices, steps}, by_index));
      first = (first + cuda::kChunkSamples) % (data.order.size() - cuda::kChunkSamples);
    }
  });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc > 2) {
    std::cerr << "cpu: error: give at most a config file, and options of Google Benchmark\n";
    return 2;
  }
  const TrainingData data(load_config(argc > 1 ? argv[1] : "configs/baseline.json", {}));
  const CpuPeaks peaks = measure_cpu_peaks();
  benchmark::AddCustomContext("CPU", cpu_model() + ", " + instruction_set());
  benchmark::AddCustomContext("a core's peak GFLOP/s", std::to_string(peaks.flops * 1e-9));
  benchmark::AddCustomContext("a core's peak GB/s", std::to_string(peaks.bytes * 1e-9));
  benchmark::AddCustomContext("a core's peak 1e9 roots/s", std::to_string(peaks.roots * 1e-9));
  add_first_layer(data, peaks);
  add_layer(peaks, kBatch, kHidden, 64);
  add_layer(peaks, kBatch, 64, kDigitCount);
  add_layer(peaks, 128, 1024, 1024);
  add_layer(peaks, 128, 1024, 1024, 0.5);  // of configs/best.json, at first
  add_layer(peaks, 128, 1024, 1024, 0.2);  // ... and in the end
  add_loss(peaks);
  add_chunk(data, false);
  add_chunk(data, true);
  add_predict(data);
  for (std::size_t threads = 1; threads <= std::thread::hardware_concurrency(); threads *= 2) {
    add_step(data, threads);
    if (threads > 1) {
      add_meeting(threads);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace qmnist::cpu

int main(int argc, char** argv) {
  try {
    return qmnist::cpu::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cpu: error: " << error.what() << '\n';
    return 3;
  }
}
