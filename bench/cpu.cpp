// Times each phase of a training step on the CPU, one thread, and whole steps with any number of
// threads, on real digits. bench/README.md says how to read it.

#include <benchmark/benchmark.h>

#include <bit>
#include <iostream>
#include <thread>

#include "bench/cpu_peak.h"
#include "host/config/config.h"
#include "host/data/split.h"
#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/dense_layer.h"
#include "host/engines/cpu/sparse_layer.h"
#include "kernels/softmax_cross_entropy.h"

namespace qmnist {
namespace {

constexpr std::size_t kBatch = 32;
constexpr auto kWide = PanelMatrix::Panels::kWide;

/// The digits, and the order of an epoch.
struct Digits {
  Dataset dataset;
  std::vector<std::uint32_t> order;

  [[nodiscard]] std::span<const std::uint32_t> batch(std::size_t step) const {
    const std::size_t batches = order.size() / kBatch;
    return std::span(order).subspan(step % batches * kBatch, kBatch);
  }
};

void report(benchmark::State& state, double flops) {
  using benchmark::Counter;
  state.counters["GFLOP/s"] =
      Counter(flops * 1e-9, Counter::kIsIterationInvariantRate, Counter::kIs1000);
  state.counters["%peak"] = Counter(100 * flops / fma_peak(), Counter::kIsIterationInvariantRate);
}

/// A batch's nonzeros and their count.
std::size_t take_batch(const Digits& digits, Nonzeros& nonzeros) {
  nonzeros.take(digits.dataset.view(), digits.batch(0), {}, {0, nonzeros.tiles()});
  std::size_t count = 0;
  for (std::size_t tile = 0; tile < nonzeros.tiles(); ++tile) {
    for (std::size_t row = 0; row < kBatch; ++row) {
      count += static_cast<std::size_t>(std::popcount(nonzeros.of_image(tile, row)));
    }
  }
  return count;
}

void add_take(const Digits& digits) {
  benchmark::RegisterBenchmark("take", [&](benchmark::State& state) {
    Nonzeros nonzeros(kPixels, kBatch);
    std::size_t step = 0;
    for (auto _ : state) {
      nonzeros.take(digits.dataset.view(), digits.batch(step), digits.batch(step + 1),
                    {0, nonzeros.tiles()});
      ++step;
    }
  });
}

void add_sparse(const Digits& digits, std::size_t outputs) {
  const std::string shape = "/784x" + std::to_string(outputs);
  benchmark::RegisterBenchmark(
      ("sparse_forward" + shape).c_str(), [&, outputs](benchmark::State& state) {
        Nonzeros nonzeros(kPixels, kBatch);
        const std::size_t count = take_batch(digits, nonzeros);
        const PanelMatrix weight(kPixels, outputs, kWide);
        const PanelMatrix bias(1, outputs, kWide);
        PanelMatrix z(kBatch, outputs, kWide);
        for (auto _ : state) {
          sparse_forward(nonzeros, kBatch, weight, bias, true, {0, z.blocks()}, z);
        }
        report(state, 2.0 * static_cast<double>(count * outputs));
      });
  benchmark::RegisterBenchmark(
      ("sparse_update" + shape).c_str(), [&, outputs](benchmark::State& state) {
        Nonzeros nonzeros(kPixels, kBatch);
        const std::size_t count = take_batch(digits, nonzeros);
        Parameters weight(kPixels, outputs, kWide);
        PanelMatrix deltas(kBatch, outputs, kWide);
        for (std::size_t i = 0; i < kBatch * outputs; ++i)
          deltas.at(i / outputs, i % outputs) = 0.01F * static_cast<float>(i % 7);
        const std::vector<std::uint8_t> was_nonzero(kPixels, 1);
        std::uint64_t t = 0;
        for (auto _ : state) {
          sparse_update(nonzeros, deltas, was_nonzero, {0, deltas.blocks()},
                        {adam_step<float>({}, ++t)}, weight);
        }
        report(state, 2.0 * static_cast<double>(count * outputs) +
                          12.0 * kPixels * static_cast<double>(outputs));
      });
}

void add_dense(std::size_t inputs, std::size_t outputs) {
  const std::string shape = "/" + std::to_string(inputs) + "x" + std::to_string(outputs);
  const double flops = 2.0 * static_cast<double>(kBatch * inputs * outputs);
  const auto rows = blocks_for(inputs) * kBlock;
  benchmark::RegisterBenchmark(("dense_forward" + shape).c_str(), [=](benchmark::State& state) {
    const PanelMatrix x(kBatch, inputs);
    const PanelMatrix weight(rows, outputs);
    const PanelMatrix bias(1, outputs);
    PanelMatrix z(kBatch, outputs);
    for (auto _ : state) {
      dense_forward(x, weight, bias, true, {0, kBatch / kTileRows}, z);
    }
    report(state, flops);
  });
  benchmark::RegisterBenchmark(("dense_backward" + shape).c_str(), [=](benchmark::State& state) {
    const PanelMatrix deltas(kBatch, outputs);
    const PanelMatrix weight(blocks_for(outputs) * kBlock, inputs);
    const PanelMatrix activations(kBatch, inputs);
    PanelMatrix input_deltas(kBatch, inputs);
    for (auto _ : state) {
      dense_backward(deltas, weight, activations, {0, kBatch / kTileRows}, input_deltas);
    }
    report(state, flops);
  });
  benchmark::RegisterBenchmark(("dense_update" + shape).c_str(), [=](benchmark::State& state) {
    const PanelMatrix x(kBatch, inputs);
    const PanelMatrix deltas(kBatch, outputs);
    Parameters weight(rows, outputs);
    PanelMatrix transposed(blocks_for(outputs) * kBlock, inputs);
    for (auto _ : state) {
      dense_update(x, deltas, kBatch, {0, x.blocks()}, {adam_step<float>({}, 1)}, weight,
                   &transposed);
    }
    report(state, flops + 12.0 * static_cast<double>(inputs * outputs));
  });
}

void add_loss() {
  benchmark::RegisterBenchmark("loss", [](benchmark::State& state) {
    PanelMatrix logits(kBatch, kClasses);
    for (std::size_t i = 0; i < kBatch * kClasses; ++i)
      logits.at(i / kClasses, i % kClasses) = 0.7F * static_cast<float>(i * 37 % 11);
    PanelMatrix deltas(kBatch, kClasses);
    for (auto _ : state) {
      float loss = 0;
      for (std::size_t row = 0; row < kBatch; ++row) {
        loss += softmax_cross_entropy(logits.row(0, row), kClasses, row % kClasses, 1.0F / kBatch,
                                      deltas.row(0, row));
      }
      benchmark::DoNotOptimize(loss);
    }
  });
}

void add_step(const Digits& digits, std::size_t threads) {
  benchmark::RegisterBenchmark(
      ("step/threads:" + std::to_string(threads)).c_str(),
      [&, threads](benchmark::State& state) {
        CpuEngine engine({.network = Network(kPixels, std::vector<std::size_t>{128, 64}, kClasses),
                          .adam = {},
                          .batch_size = kBatch,
                          .threads = threads});
        RunningMetrics metrics;
        for (auto _ : state) {
          engine.train(digits.dataset.view(), digits.order, metrics,
                       [](const RunningMetrics&) { return false; });
          if (metrics.samples >= digits.order.size()) {
            metrics = {};
          }
        }
      })
      ->UseRealTime();
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const Config config = load_config(argc > 1 ? argv[1] : "configs/baseline.json", {});
  const Digits digits{load_dataset(config.data.dir, config.data.source), {}};
  const auto split = split_dataset(digits.dataset.count(), config.data.test_fraction,
                                   config.data.split_seed, config.data.validation_fraction);
  const_cast<Digits&>(digits).order = split.train;
  benchmark::AddCustomContext("GFLOP/s", std::to_string(fma_peak() * 1e-9));
  add_take(digits);
  add_sparse(digits, 128);
  add_sparse(digits, 64);
  add_dense(128, 64);
  add_dense(64, 10);
  add_loss();
  for (std::size_t threads = 1; threads <= std::thread::hardware_concurrency(); ++threads) {
    add_step(digits, threads);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace qmnist

int main(int argc, char** argv) {
  try {
    return qmnist::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cpu: error: " << error.what() << '\n';
    return 3;
  }
}
