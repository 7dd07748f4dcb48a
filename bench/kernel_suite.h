#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <utility>

#include "bench/device_peak.h"
#include "bench/gpu_monitor.h"
#include "host/engines/cuda/resources.h"

namespace qmnist::cuda {

/// Minimum work of an operation: bytes of global memory, floating-point operations.
struct Work {
  double bytes;
  double flops;
  int launches = 1;
};

/// Registers benchmarks of operations on one GPU.
class KernelSuite {
 public:
  using Enqueue = std::function<void(cudaStream_t)>;

  /// @param stream must outlive this, as this must outlive the benchmarks
  KernelSuite(DevicePeak peak, cudaStream_t stream)
      : peak_(std::move(peak)), monitor_(0), stream_(stream) {}

  /// A benchmark of an operation as it runs in training, back to back in a graph; its time is that
  /// of one.
  void add(const std::string& name, const Work& work, Enqueue enqueue) {
    auto* const benchmark = benchmark::RegisterBenchmark(
        name.c_str(), [this, work, enqueue = std::move(enqueue)](benchmark::State& state) {
          replay(state, work, enqueue);
        });
    benchmark->UseManualTime()->Unit(benchmark::kMicrosecond);
    if (peak_.emulated) {
      benchmark->Iterations(1);  // a model gives the same time again
      return;
    }
    // Seconds of the GPU; Benchmark counts one operation of each graph. An idle GPU takes some of
    // them to raise its clock.
    constexpr double kWarmUpSeconds = 0.5;
    constexpr double kMeasuredSeconds = 0.5;
    benchmark->MinWarmUpTime(kWarmUpSeconds / kOperations);
    benchmark->MinTime(kMeasuredSeconds / kOperations);
    benchmark->Repetitions(3)->ReportAggregatesOnly();
  }

  [[nodiscard]] const GpuMonitor& monitor() const { return monitor_; }

 private:
  static constexpr int kOperations = 20;  // in a graph

  void replay(benchmark::State& state, const Work& work, const Enqueue& enqueue) const {
    StreamCapture capture(stream_);
    for (int i = 0; i < kOperations; ++i) {
      enqueue(stream_);
    }
    const GraphExec graph = capture.finish();
    QMNIST_CHECK(cudaGraphLaunch(graph.get(), stream_));
    QMNIST_CHECK(cudaStreamSynchronize(stream_));
    const Event start = make_timing_event();
    const Event stop = make_timing_event();
    double seconds = 0;
    for (auto _ : state) {
      QMNIST_CHECK(cudaEventRecord(start.get(), stream_));
      QMNIST_CHECK(cudaGraphLaunch(graph.get(), stream_));
      QMNIST_CHECK(cudaEventRecord(stop.get(), stream_));
      QMNIST_CHECK(cudaEventSynchronize(stop.get()));
      float milliseconds = 0;
      QMNIST_CHECK(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()));
      state.SetIterationTime(static_cast<double>(milliseconds) / 1e3 / kOperations);
      seconds += static_cast<double>(milliseconds) / 1e3 / kOperations;
    }
    const double each = seconds / static_cast<double>(state.iterations());
    state.counters["launches"] = work.launches;
    state.counters["bytes"] = work.bytes;
    state.counters["flop"] = work.flops;
    state.counters["GB/s"] = work.bytes / each / 1e9;
    state.counters["GFLOP/s"] = work.flops / each / 1e9;
    state.counters["%peak"] = 100 * peak_.seconds(work.bytes, work.flops) / each;
    if (monitor_.works()) {
      count_clock_and_power(state, graph.get(), each * kOperations);
    }
  }

  /// Reads both while the graph runs, as it did when it was timed.
  void count_clock_and_power(benchmark::State& state, cudaGraphExec_t graph,
                             double seconds_a_graph) const {
    constexpr double kBusySeconds = 0.05;  // longer than the readings take
    for (double busy = 0; busy < kBusySeconds; busy += seconds_a_graph) {
      QMNIST_CHECK(cudaGraphLaunch(graph, stream_));
    }
    if (const auto megahertz = monitor_.sm_megahertz()) {
      state.counters["SM MHz"] = *megahertz;
    }
    if (const auto watts = monitor_.watts()) {
      state.counters["W"] = *watts;
    }
    QMNIST_CHECK(cudaStreamSynchronize(stream_));
  }

  DevicePeak peak_;
  GpuMonitor monitor_;
  cudaStream_t stream_;
};

}  // namespace qmnist::cuda
