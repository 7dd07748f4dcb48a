// Times each kernel and each matrix product of a training step, and whole steps, as they run in
// training: back to back in a graph. bench/README.md says how to read it.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/device_values.h"
#include "bench/fixed_order_kernels.h"
#include "bench/kernel_suite.h"
#include "host/engines/augmentation.h"
#include "host/engines/cuda/device_network.h"
#include "host/engines/cuda/gemm.h"
#include "kernels/activation_backward.h"
#include "kernels/bias_activation.h"
#include "kernels/clip.h"
#include "kernels/distort.h"
#include "kernels/normalize.h"
#include "kernels/softmax.h"

namespace qmnist::cuda {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kChunk = 2048;
constexpr std::array<std::size_t, 2> kHidden{128, 64};

Operand<std::uint8_t> random_labels(std::size_t count) {
  return random_bytes(count, 9);
}

/// Scalars of a step of Adam.
Operand<OptimizerStep<float>> adam_step() {
  const auto scalars = optimizer_scalars<float>({}, 1e-3, 1000);
  return copy_to_device(std::span(&scalars, 1));
}

std::string shape(std::size_t rows, std::size_t columns) {
  return "/" + std::to_string(rows) + "x" + std::to_string(columns);
}

void add_normalize(KernelSuite& suite) {
  const std::size_t count = kChunk * 784;
  const auto pixels = random_pixels(count);
  const auto inputs = zeros<float>(count);
  suite.add("normalize" + shape(kChunk, 784), {5.0 * static_cast<double>(count), 0},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_normalize(stream, pixels->data(), inputs->data(), count));
            });
}

void add_distort(KernelSuite& suite) {
  const Augmentation augmentation({.rotation = 7, .shift = 0.25, .elastic = 1}, 0);
  std::vector<Distortion> drawn;
  for (std::size_t row = 0; row < kChunk; ++row) {
    drawn.push_back(augmentation.distortion(0, row));
  }
  const auto pixels = random_pixels(kChunk * 784);
  const auto inputs = zeros<float>(kChunk * 784);
  const auto distortions = copy_to_device(std::span<const Distortion>(drawn));
  const auto weights = copy_to_device(std::span(augmentation.elastic(), 1));
  suite.add("distort" + shape(kChunk, 784), {5.0 * kChunk * 784, 0}, [=](cudaStream_t stream) {
    QMNIST_CHECK(launch_distort(stream, pixels->data(), distortions->data(), weights->data(),
                                inputs->data(), kChunk));
  });
}

void add_hidden_layer(KernelSuite& suite, std::size_t columns) {
  const std::size_t count = kBatch * columns;
  const auto activations = random_floats(count, -1, 1);
  const auto deltas = random_floats(count, -1, 1);
  const auto derivatives = zeros<float>(count);
  const auto bias = zeros<float>(columns);
  const auto elements = static_cast<double>(count);
  const auto width = static_cast<double>(columns);
  const ActivationParams units{Activation::kRelu, Dropout(0), 0};
  // Half of ReLU's derivatives are 0 and the others 1, so that deltas stay what they are.
  QMNIST_CHECK(launch_bias_activation(nullptr, activations->data(), derivatives->data(),
                                      bias->data(), units, nullptr, kBatch, columns));
  QMNIST_CHECK(cudaDeviceSynchronize());
  suite.add("bias_activation" + shape(kBatch, columns), {12 * elements + 4 * width, 2 * elements},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_bias_activation(stream, activations->data(), derivatives->data(),
                                                  bias->data(), units, nullptr, kBatch, columns));
            });
  suite.add("activation_backward" + shape(kBatch, columns),
            {12 * elements + 4 * width, 2 * elements}, [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_activation_backward(stream, derivatives->data(), deltas->data(),
                                                      bias->data(), nullptr, kBatch, columns));
            });
}

void add_last_layer(KernelSuite& suite, std::size_t classes) {
  const auto logits = random_floats(kChunk * classes, -1, 1);
  const auto deltas = zeros<float>(kChunk * classes);
  const auto bias = zeros<float>(classes);
  const auto bias_gradient = zeros<float>(classes);
  const auto labels = random_labels(kChunk);
  const auto metrics = zeros<DeviceMetrics>(1);
  const auto scores = zeros<Score>(kChunk);
  const auto confusion = zeros<unsigned long long>(classes * classes);
  const double batch = static_cast<double>(kBatch * classes);
  const double chunk = static_cast<double>(kChunk * classes);
  suite.add("softmax_cross_entropy" + shape(kBatch, classes), {12 * batch, 8 * batch},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_softmax_cross_entropy(
                  stream, logits->data(), bias->data(), {labels->data()}, deltas->data(),
                  bias_gradient->data(), metrics->data(), {}, {}, kBatch, classes));
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

void add_optimizer(KernelSuite& suite, std::size_t count) {
  const auto step = adam_step();
  const auto arenas = random_floats(4 * count, 1e-3F, 1);  // second moments are positive
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

/// The optimizer's step with clipping and a moving average: one pass over the gradients for their
/// norm, one over all arenas.
void add_clipped_optimizer(KernelSuite& suite, std::size_t count) {
  const auto step = adam_step();
  const auto arenas = random_floats(5 * count, 1e-3F, 1);  // second moments are positive
  const auto squares = zeros<double>(kClipBlocks);
  const auto scale = zeros<float>(1);
  const auto parameters = static_cast<double>(count);
  suite.add(
      "clipped_optimizer_with_ema/" + std::to_string(count), {40 * parameters, 17 * parameters, 3},
      [=](cudaStream_t stream) {
        float* arena = arenas->data();
        const OptimizerArenas of_step{.gradients = arena,
                                      .parameters = arena + count,
                                      .moments = {arena + 2 * count, arena + 3 * count},
                                      .ema = arena + 4 * count,
                                      .gradient_scale = scale->data()};
        QMNIST_CHECK(launch_clip_scale(stream, arena, 1, squares->data(), scale->data(), count));
        QMNIST_CHECK(launch_optimizer(stream, OptimizerName::kAdam, step->data(), of_step, count));
      });
}

/// The three products of a dense layer in a step: outputs, weight gradient, input gradient.
void add_products(KernelSuite& suite, const std::shared_ptr<Gemm>& products, std::size_t inputs,
                  std::size_t outputs) {
  const auto x = random_floats(kBatch * inputs, -1, 1);
  const auto w = random_floats(outputs * inputs, -1, 1);
  const auto y = random_floats(kBatch * outputs, -1, 1);
  const auto product = zeros<float>(std::max({x->size(), w->size(), y->size()}));
  const Work work{4.0 * static_cast<double>(kBatch * inputs + outputs * inputs + kBatch * outputs),
                  2.0 * static_cast<double>(kBatch * inputs * outputs)};
  const std::string layer = shape(inputs, outputs);
  suite.add("gemm_outputs" + layer, work, [=](cudaStream_t) {
    products->multiply(kBatch, outputs, inputs, {x->data(), inputs}, {w->data(), inputs, true},
                       product->data());
  });
  suite.add("gemm_weight_gradient" + layer, work, [=](cudaStream_t) {
    products->multiply(outputs, inputs, kBatch, {y->data(), outputs, true}, {x->data(), inputs},
                       product->data());
  });
  if (inputs != 784) {  // the gradient of the images is not needed
    suite.add("gemm_input_gradient" + layer, work, [=](cudaStream_t) {
      products->multiply(kBatch, inputs, outputs, {y->data(), outputs}, {w->data(), inputs},
                         product->data());
    });
  }
}

/// Networks that take a step in the same launches, with what they need of a batch.
struct StepNetworks {
  StepNetworks(const EngineSettings& settings, std::size_t count, cudaStream_t stream)
      : network(make_device_network(settings, kBatch, stream, blocks)),
        inputs(blocks, kBatch * 784),
        labels(blocks, kBatch),
        step(blocks, 1),
        metrics(zeros<DeviceMetrics>(count)) {
    blocks.allocate(count);
    set.stride = blocks.bytes();
    set.count = static_cast<unsigned>(count);
    const auto pixels = sparse_pixels(kBatch * 784);
    const auto of_images = random_labels(kBatch);
    // A learning rate of 0, as it would learn these images, and the gradients would vanish.
    const StepParams params{.update = optimizer_scalars<float>({}, 0, 1000)};
    for (std::size_t i = 0; i < count; ++i) {
      set.blocks[i] = static_cast<std::uint8_t>(i);
      network->arenas().set_state(i, initial_state(settings.network, 0));
      copy(inputs.data(i), pixels->data(), pixels->bytes());
      copy(labels.data(i), of_images->data(), of_images->bytes());
      copy(step.data(i), &params, sizeof(params));
    }
  }
  static void copy(void* to, const void* from, std::size_t bytes) {
    QMNIST_CHECK(cudaMemcpy(to, from, bytes, cudaMemcpyDefault));
    QMNIST_CHECK(cudaDeviceSynchronize());  // other streams do not wait for it
  }

  NetworkBlocks blocks;
  std::unique_ptr<DeviceNetwork> network;
  BlockArray<float> inputs;
  BlockArray<std::uint8_t> labels;
  BlockArray<StepParams> step;
  Operand<DeviceMetrics> metrics;
  NetworkSet set;
};

/// @param launches of a step
void add_step(KernelSuite& suite, cudaStream_t stream, const std::string& name, Kernels kernels,
              int launches, std::size_t count = 1) {
  const Network network(784, kHidden, 10);
  const EngineSettings settings{
      .network = network, .optimizer = {}, .batch_size = kBatch, .kernels = kernels};
  const auto networks = std::make_shared<StepNetworks>(settings, count, stream);
  const auto parameters = static_cast<double>(count * network.parameter_count());
  // Forward and backward read the weights and write gradients, then Adam moves 28 bytes. Backward
  // takes 4 flops per weight and image, 2 in the first layer.
  const auto images = static_cast<double>(count * kBatch);
  const Work work{(4 + 4 + 4 + 28) * parameters + 4.0 * images * 784,
                  kBatch * 6 * parameters - images * 2 * 784 * 128, launches};
  suite.add(name, work, [=](cudaStream_t) {
    networks->network->train_step(networks->inputs.data(), {networks->labels.data()}, kBatch,
                                  networks->step.data(), networks->metrics->data(), networks->set);
  });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const DevicePeak peak = device_peak();
  const Stream stream = make_stream();
  KernelSuite suite(peak, stream.get());
  benchmark::AddCustomContext("device", peak.device);
  benchmark::AddCustomContext("times", peak.emulated ? "MODELLED by an emulator" : "measured");
  benchmark::AddCustomContext("clock", suite.monitor().works() ? "see SM MHz" : "unknown: no NVML");
  benchmark::AddCustomContext("peak GB/s", std::to_string(peak.bytes_a_second / 1e9));
  benchmark::AddCustomContext("peak GFLOP/s", std::to_string(peak.flops_a_second / 1e9));

  const auto products = std::make_shared<Gemm>(stream.get(), MathMode::kFp32);
  add_normalize(suite);
  add_distort(suite);
  add_hidden_layer(suite, kHidden[0]);
  add_hidden_layer(suite, kHidden[1]);
  add_last_layer(suite, 10);
  add_optimizer(suite, Network(784, kHidden, 10).arena_size());
  add_optimizer(suite, std::size_t{1} << (peak.emulated ? 18 : 24));  // too much for the cache
  add_clipped_optimizer(suite, std::size_t{1} << (peak.emulated ? 18 : 24));
  add_products(suite, products, 784, kHidden[0]);
  add_products(suite, products, kHidden[0], kHidden[1]);
  add_products(suite, products, kHidden[1], 10);
  add_step(suite, stream.get(), "step", Kernels::kCublas, 14);
  const StepParams params{.update = optimizer_scalars<float>({}, 1e-3, 1000)};
  const auto step = copy_to_device(std::span(&params, 1));
  add_sparse_forward(suite, kBatch, kHidden[0], step);
  add_row_step(suite, kBatch, {kHidden[0], kHidden[1], 10}, step);
  add_weight_update(suite, kBatch, {784, kHidden[0], kHidden[1], 10}, step);
  add_tile_layer(suite, kBatch, 1024, 512, step);
  for (const std::size_t networks : {1, 4, 16, 64}) {
    add_step(suite, stream.get(), "step_in_fixed_order/networks:" + std::to_string(networks),
             Kernels::kFixedOrder, 3, networks);
  }
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
