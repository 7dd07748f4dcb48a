// Times each kernel and each matrix product of a training step, and whole steps, as they run in
// training: back to back in a graph. bench/README.md says how to read it.

#include <benchmark/benchmark.h>

#include <array>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "bench/device_peak.h"
#include "host/engines/cuda/device_network.h"
#include "kernels/activation_backward.h"
#include "kernels/bias_activation.h"
#include "kernels/distort.h"
#include "kernels/normalize.h"
#include "kernels/softmax.h"

namespace qmnist::cuda {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kChunk = 2048;
constexpr int kLaunchesAGraph = 20;
constexpr std::array<std::size_t, 2> kHidden{128, 64};

/// Minimum work of an operation: bytes of global memory, floating-point operations.
struct Work {
  double bytes;
  double flops;
  int launches = 1;
};

using Enqueue = std::function<void(cudaStream_t)>;

/// Zeros on the device.
template <typename T>
class Zeros : public DeviceBuffer<T> {
 public:
  explicit Zeros(std::size_t count) : DeviceBuffer<T>(count) {
    QMNIST_CHECK(cudaMemset(this->data(), 0, this->bytes()));
    QMNIST_CHECK(cudaDeviceSynchronize());  // other streams do not wait for it
  }
};

/// Replays a graph of launches and reports the time per launch.
void replay(benchmark::State& state, const DevicePeak& peak, const Work& work,
            const Enqueue& enqueue, cudaStream_t stream) {
  StreamCapture capture(stream);
  for (int i = 0; i < kLaunchesAGraph; ++i) {
    enqueue(stream);
  }
  const GraphExec graph = capture.finish();
  const Event start = make_timing_event();
  const Event stop = make_timing_event();
  double seconds = 0;
  for (auto _ : state) {
    QMNIST_CHECK(cudaEventRecord(start.get(), stream));
    QMNIST_CHECK(cudaGraphLaunch(graph.get(), stream));
    QMNIST_CHECK(cudaEventRecord(stop.get(), stream));
    QMNIST_CHECK(cudaEventSynchronize(stop.get()));
    float milliseconds = 0;
    QMNIST_CHECK(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()));
    state.SetIterationTime(static_cast<double>(milliseconds) / 1e3 / kLaunchesAGraph);
    seconds += static_cast<double>(milliseconds) / 1e3 / kLaunchesAGraph;
  }
  const double each = seconds / static_cast<double>(state.iterations());
  state.counters["launches"] = work.launches;
  state.counters["bytes"] = work.bytes;
  state.counters["flop"] = work.flops;
  state.counters["GB/s"] = work.bytes / each / 1e9;
  state.counters["GFLOP/s"] = work.flops / each / 1e9;
  state.counters["%peak"] = 100 * peak.seconds(work.bytes, work.flops) / each;
}

class Suite {
 public:
  Suite(const DevicePeak& peak, cudaStream_t stream, int iterations)
      : peak_(peak), stream_(stream), iterations_(iterations) {}

  void add(const std::string& name, const Work& work, Enqueue enqueue) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [this, work, enqueue = std::move(enqueue)](auto& state) {
                                   replay(state, peak_, work, enqueue, stream_);
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond)
        ->Iterations(iterations_);
  }

 private:
  const DevicePeak& peak_;
  cudaStream_t stream_;
  int iterations_;
};

std::string shape(std::size_t rows, std::size_t columns) {
  return "/" + std::to_string(rows) + "x" + std::to_string(columns);
}

void add_normalize(Suite& suite) {
  const std::size_t count = kChunk * 784;
  const auto pixels = std::make_shared<Zeros<std::uint8_t>>(count);
  const auto inputs = std::make_shared<Zeros<float>>(count);
  suite.add("normalize" + shape(kChunk, 784), {5.0 * static_cast<double>(count), 0},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_normalize(stream, pixels->data(), inputs->data(), count));
            });
}

void add_distort(Suite& suite) {
  const auto pixels = std::make_shared<Zeros<std::uint8_t>>(kChunk * 784);
  const auto inputs = std::make_shared<Zeros<float>>(kChunk * 784);
  const auto distortions = std::make_shared<Zeros<Distortion>>(kChunk);
  const auto weights = std::make_shared<Zeros<ElasticWeights>>(1);
  suite.add("distort" + shape(kChunk, 784), {5.0 * kChunk * 784, 0}, [=](cudaStream_t stream) {
    QMNIST_CHECK(launch_distort(stream, pixels->data(), distortions->data(), weights->data(),
                                inputs->data(), kChunk));
  });
}

void add_hidden_layer(Suite& suite, std::size_t columns) {
  const std::size_t count = kBatch * columns;
  const auto activations = std::make_shared<Zeros<float>>(count);
  const auto deltas = std::make_shared<Zeros<float>>(count);
  const auto derivatives = std::make_shared<Zeros<float>>(count);
  const auto bias = std::make_shared<Zeros<float>>(columns);
  const auto elements = static_cast<double>(count);
  const auto width = static_cast<double>(columns);
  const ActivationParams units{Activation::kRelu, Dropout(0), 0};
  suite.add("bias_activation" + shape(kBatch, columns), {12 * elements + 4 * width, 2 * elements},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_bias_activation(stream, activations->data(), derivatives->data(),
                                                  bias->data(), units, nullptr, kBatch, columns));
            });
  suite.add("activation_backward" + shape(kBatch, columns),
            {12 * elements + 4 * width, 2 * elements}, [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_activation_backward(stream, derivatives->data(), deltas->data(),
                                                      bias->data(), kBatch, columns));
            });
}

void add_last_layer(Suite& suite, std::size_t classes) {
  const auto logits = std::make_shared<Zeros<float>>(kChunk * classes);
  const auto deltas = std::make_shared<Zeros<float>>(kChunk * classes);
  const auto bias = std::make_shared<Zeros<float>>(classes);
  const auto labels = std::make_shared<Zeros<std::uint8_t>>(kChunk);
  const auto metrics = std::make_shared<Zeros<DeviceMetrics>>(1);
  const auto scores = std::make_shared<Zeros<Score>>(kChunk);
  const auto confusion = std::make_shared<Zeros<unsigned long long>>(classes * classes);
  const double batch = static_cast<double>(kBatch * classes);
  const double chunk = static_cast<double>(kChunk * classes);
  suite.add("softmax_cross_entropy" + shape(kBatch, classes), {12 * batch, 8 * batch},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_softmax_cross_entropy(
                  stream, logits->data(), bias->data(), labels->data(), deltas->data(),
                  bias->data(), metrics->data(), 0.0F, kBatch, classes));
            });
  suite.add(
      "bias_softmax" + shape(kChunk, classes), {8 * chunk, 5 * chunk}, [=](cudaStream_t stream) {
        QMNIST_CHECK(launch_bias_softmax(stream, logits->data(), bias->data(), kChunk, classes));
      });
  suite.add("score" + shape(kChunk, classes), {4 * chunk + 13.0 * kChunk, chunk},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_score(stream, logits->data(), labels->data(), scores->data(),
                                        confusion->data(), kChunk, classes));
            });
}

void add_optimizer(Suite& suite, std::size_t count) {
  const auto step = std::make_shared<Zeros<OptimizerStep<float>>>(1);
  const auto arenas = std::make_shared<Zeros<float>>(4 * count);
  const auto parameters = static_cast<double>(count);
  suite.add(
      "optimizer/" + std::to_string(count), {28 * parameters, 12 * parameters},
      [=](cudaStream_t stream) {
        float* arena = arenas->data();
        const OptimizerArenas of_step{.gradients = arena,
                                      .parameters = arena + count,
                                      .moments = {arena + 2 * count, arena + 3 * count}};
        QMNIST_CHECK(launch_optimizer(stream, OptimizerName::kAdam, step->data(), of_step, count));
      });
}

/// The three products of a dense layer in a step: outputs, weight gradient, input gradient.
void add_products(Suite& suite, const std::shared_ptr<Gemm>& products, std::size_t inputs,
                  std::size_t outputs) {
  const auto x = std::make_shared<Zeros<float>>(kBatch * inputs);
  const auto w = std::make_shared<Zeros<float>>(outputs * inputs);
  const auto y = std::make_shared<Zeros<float>>(kBatch * outputs);
  const Work work{4.0 * static_cast<double>(kBatch * inputs + outputs * inputs + kBatch * outputs),
                  2.0 * static_cast<double>(kBatch * inputs * outputs)};
  const std::string layer = shape(inputs, outputs);
  suite.add("gemm_outputs" + layer, work, [=](cudaStream_t) {
    products->multiply(kBatch, outputs, inputs, {x->data(), inputs}, {w->data(), inputs, true},
                       y->data());
  });
  suite.add("gemm_weight_gradient" + layer, work, [=](cudaStream_t) {
    products->multiply(outputs, inputs, kBatch, {y->data(), outputs, true}, {x->data(), inputs},
                       w->data());
  });
  if (inputs != 784) {  // the gradient of the images is not needed
    suite.add("gemm_input_gradient" + layer, work, [=](cudaStream_t) {
      products->multiply(kBatch, inputs, outputs, {y->data(), outputs}, {w->data(), inputs},
                         x->data());
    });
  }
}

void add_step(Suite& suite, cudaStream_t stream) {
  const Network network(784, kHidden, 10);
  const EngineSettings settings{.network = network, .optimizer = {}, .batch_size = kBatch};
  const auto device = std::make_shared<DeviceNetwork>(settings, kBatch, stream);
  device->set_state(initial_state(network, 0));
  const auto inputs = std::make_shared<Zeros<float>>(kBatch * 784);
  const auto labels = std::make_shared<Zeros<std::uint8_t>>(kBatch);
  const auto metrics = std::make_shared<Zeros<DeviceMetrics>>(1);
  const auto step = std::make_shared<Zeros<OptimizerStep<float>>>(1);
  const auto parameters = static_cast<double>(network.parameter_count());
  // Forward and backward read the weights and write gradients, then Adam moves 28 bytes. Backward
  // takes 4 flops per weight and image, 2 in the first layer.
  const Work work{(4 + 4 + 4 + 28) * parameters + 4.0 * kBatch * 784,
                  kBatch * (6 * parameters - 2.0 * 784 * 128), 14};
  suite.add("step", work, [=](cudaStream_t) {
    device->forward_backward(inputs->data(), labels->data(), kBatch, nullptr, metrics->data());
    device->optimizer_step(step->data());
  });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const DevicePeak peak = device_peak();
  benchmark::AddCustomContext("device", peak.device);
  benchmark::AddCustomContext("times", peak.emulated ? "MODELLED by an emulator" : "measured");
  benchmark::AddCustomContext("peak GB/s", std::to_string(peak.bytes_a_second / 1e9));
  benchmark::AddCustomContext("peak GFLOP/s", std::to_string(peak.flops_a_second / 1e9));

  const Stream stream = make_stream();
  const auto products = std::make_shared<Gemm>(stream.get(), MathMode::kFp32);
  Suite suite(peak, stream.get(), peak.emulated ? 1 : 100);
  add_normalize(suite);
  add_distort(suite);
  add_hidden_layer(suite, kHidden[0]);
  add_hidden_layer(suite, kHidden[1]);
  add_last_layer(suite, 10);
  add_optimizer(suite, Network(784, kHidden, 10).arena_size());
  add_optimizer(suite, std::size_t{1} << (peak.emulated ? 18 : 24));  // too much for the cache
  add_products(suite, products, 784, kHidden[0]);
  add_products(suite, products, kHidden[0], kHidden[1]);
  add_products(suite, products, kHidden[1], 10);
  add_step(suite, stream.get());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();  // they own device memory
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace qmnist::cuda

int main(int argc, char** argv) {
  try {
    return qmnist::cuda::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "kernels: error: " << error.what() << '\n';
    return 4;
  }
}
