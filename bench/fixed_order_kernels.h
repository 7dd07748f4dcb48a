#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/device_values.h"
#include "bench/kernel_suite.h"
#include "kernels/optimizer.h"
#include "kernels/row_step.h"
#include "kernels/sparse_forward.h"
#include "kernels/tile_layer.h"
#include "kernels/weight_update.h"

// Benchmarks of the kernels that train in a fixed order of operations.

namespace qmnist::cuda {

inline constexpr double kNonzeroPixels = 0.2;  ///< share of the pixels, as in digits

[[nodiscard]] inline Operand<float> sparse_pixels(std::size_t count) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(1 - 1 / static_cast<float>(kNonzeroPixels), 1);
  std::vector<float> values(count);
  std::ranges::generate(values, [&] { return std::max(uniform(generator), 0.0F); });
  return copy_to_device(std::span<const float>(values));
}

inline void add_sparse_forward(KernelSuite& suite, std::size_t batch, std::size_t outputs,
                               const Operand<StepParams>& step) {
  constexpr std::size_t kInputs = 784;
  const auto inputs = sparse_pixels(batch * kInputs);
  const auto weights = random_floats((kInputs + 1) * outputs, -1, 1);
  const auto units = zeros<float>(2 * batch * outputs);
  const auto count = static_cast<double>(batch * outputs);
  const Work work{4 * static_cast<double>(inputs->size() + weights->size()) + 8 * count,
                  2 * kNonzeroPixels * kInputs * count};
  suite.add("sparse_forward/" + std::to_string(batch) + "x784x" + std::to_string(outputs), work,
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_sparse_forward(stream,
                                                 {.inputs = inputs->data(),
                                                  .weights = weights->data(),
                                                  .bias = weights->data() + kInputs * outputs,
                                                  .activations = units->data(),
                                                  .derivatives = units->data() + batch * outputs,
                                                  .input_count = kInputs,
                                                  .output_count = outputs,
                                                  .is_last = false,
                                                  .activation = Activation::kRelu,
                                                  .index = 0,
                                                  .step = step->data()},
                                                 batch));
            });
}

/// Layers that follow after one of `sizes[0]` units.
inline void add_row_step(KernelSuite& suite, std::size_t batch,
                         const std::vector<std::size_t>& sizes, const Operand<StepParams>& params) {
  RowStep step{.layers = {},
               .activation = Activation::kRelu,
               .index = 0,
               .derivatives = nullptr,
               .step = params->data(),
               .targets = {nullptr},
               .losses = nullptr,
               .correct = nullptr,
               .batch_rows = batch,
               .probabilities = nullptr};
  std::vector<Operand<float>> operands;
  const auto operand = [&](std::size_t count) {
    return operands.emplace_back(random_floats(count, -1, 1))->data();
  };
  double flops = 0;
  for (std::size_t l = 0; l < sizes.size(); ++l) {
    const std::size_t weights = l == 0 ? 0 : sizes[l - 1] * sizes[l];
    step.layers.add({.outputs = sizes[l],
                     .weights = l == 0 ? nullptr : operand(weights),
                     .bias = l == 0 ? nullptr : operand(sizes[l]),
                     .activations = operand(batch * sizes[l]),
                     .deltas = operand(batch * sizes[l])});
    flops += 4 * static_cast<double>(batch * weights);
  }
  step.derivatives = operand(batch * sizes[0]);
  step.losses = operand(batch);
  const auto labels = random_bytes(batch, static_cast<std::uint8_t>(sizes.back() - 1));
  const auto correct = zeros<std::uint8_t>(batch);
  step.targets = {labels->data()};
  step.correct = correct->data();
  double bytes = 0;
  for (const Operand<float>& each : operands) {
    bytes += static_cast<double>(each->bytes());
  }
  suite.add("row_step/" + std::to_string(batch), {bytes, flops},
            [=, operands = std::move(operands), owners = std::tuple(labels, correct, params)](
                cudaStream_t stream) { QMNIST_CHECK(launch_row_step(stream, step, batch)); });
}

/// @param step scalars of Adam
[[nodiscard]] inline GradientUse adam_use(const OptimizerStep<float>* step,
                                          const Operand<float>& arenas) {
  const std::size_t arena = arenas->size() / 3;
  return {.optimizer = OptimizerName::kAdam,
          .step = step,
          .parameters = arenas->data(),
          .moments = {arenas->data() + arena, arenas->data() + 2 * arena}};
}

/// All layers of a network, inputs first; the first one's are sparse.
inline void add_weight_update(KernelSuite& suite, std::size_t batch,
                              const std::vector<std::size_t>& sizes,
                              const Operand<StepParams>& step) {
  UpdateLayers layers;
  std::vector<Operand<float>> inputs;
  std::vector<Operand<float>> deltas;
  std::size_t parameters = 0;
  double bytes = 0;
  double flops = 0;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    const std::size_t weights = sizes[l] * sizes[l + 1];
    inputs.push_back(l == 0 ? sparse_pixels(batch * sizes[l])
                            : random_floats(batch * sizes[l], -1, 1));
    deltas.push_back(random_floats(batch * sizes[l + 1], -1, 1));
    layers.add({.inputs = inputs[l]->data(),
                .deltas = deltas[l]->data(),
                .input_count = sizes[l],
                .output_count = sizes[l + 1],
                .weight_at = parameters,
                .bias_at = parameters + weights,
                .skips_zeros = l == 0});
    parameters += weights + sizes[l + 1];
    bytes += static_cast<double>(inputs[l]->bytes() + deltas[l]->bytes());
    flops += (l == 0 ? kNonzeroPixels : 1) * 2 * static_cast<double>(batch * weights);
  }
  const auto arenas = random_floats(3 * parameters, 1e-3F, 1);  // second moments are positive
  const auto losses = random_floats(batch, 0, 1);
  const auto correct = zeros<std::uint8_t>(batch);
  const auto metrics = zeros<DeviceMetrics>(1);
  const auto count = static_cast<double>(parameters);
  suite.add("weight_update/" + std::to_string(batch), {bytes + 24 * count, flops + 12 * count},
            [=, owners = std::pair(inputs, deltas)](cudaStream_t stream) {
              QMNIST_CHECK(
                  launch_weight_update(stream, layers, adam_use(&step->data()->update, arenas),
                                       {losses->data(), correct->data(), metrics->data()}, batch));
            });
}

/// A layer that is too wide for a block's shared memory.
inline void add_tile_layer(KernelSuite& suite, std::size_t batch, std::size_t inputs,
                           std::size_t outputs, const Operand<StepParams>& step) {
  const auto x = random_floats(batch * inputs, -1, 1);
  const auto y = random_floats(batch * outputs, -1, 1);
  const auto below = zeros<float>(batch * inputs);
  const auto units = zeros<float>(2 * batch * outputs);
  const auto bias = zeros<float>(outputs);
  const auto arenas = random_floats(3 * inputs * outputs, 1e-3F, 1);
  const auto weights = static_cast<double>(inputs * outputs);
  const double bytes = static_cast<double>(x->bytes() + y->bytes());
  const double flops = 2 * static_cast<double>(batch) * weights;
  const std::string shape =
      "/" + std::to_string(batch) + "x" + std::to_string(inputs) + "x" + std::to_string(outputs);
  suite.add("tile_forward" + shape, {bytes + 4 * weights, flops}, [=](cudaStream_t stream) {
    QMNIST_CHECK(launch_tile_forward(stream,
                                     {.inputs = x->data(),
                                      .weights = arenas->data(),
                                      .bias = bias->data(),
                                      .activations = units->data(),
                                      .derivatives = units->data() + batch * outputs,
                                      .input_count = inputs,
                                      .output_count = outputs,
                                      .is_last = false,
                                      .activation = Activation::kRelu,
                                      .index = 1,
                                      .step = step->data()},
                                     batch));
  });
  suite.add("tile_backward" + shape, {bytes + 4 * weights, flops}, [=](cudaStream_t stream) {
    QMNIST_CHECK(launch_tile_backward(stream, y->data(), arenas->data(), x->data(), below->data(),
                                      batch, inputs, outputs));
  });
  suite.add("tile_update" + shape, {bytes + 24 * weights, flops + 12 * weights},
            [=](cudaStream_t stream) {
              QMNIST_CHECK(launch_tile_update(stream, x->data(), y->data(),
                                              adam_use(&step->data()->update, arenas), 0, batch,
                                              inputs, outputs));
            });
}

}  // namespace qmnist::cuda
