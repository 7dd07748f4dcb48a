#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/hidden_unit.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/ordered_dot.h"
#include "kernels/softmax.h"
#include "kernels/softmax_cross_entropy.h"
#include "kernels/step_params.h"

namespace qmnist {

/// Layers of a network, at most: 16 hidden ones and the last.
inline constexpr std::size_t kMaxLayers = 17;

/// Floats of shared memory that a block of row_step_kernel has: what every device gives without
/// being asked.
inline constexpr std::size_t kRowStepFloats = std::size_t{48} * 1024 / sizeof(float);

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

/// The layers of a network from some layer on, for launch_row_step().
struct RowLayers {
  struct Layer {
    std::size_t outputs;
    const float* weights =
        nullptr;  ///< [outputs of the layer below, outputs] row-major; not of layer 0
    const float* bias = nullptr;  ///< [outputs]; not of layer 0
    float* activations =
        nullptr;              ///< [rows, outputs], on entry those of layer 0; nullptr to predict
    float* deltas = nullptr;  ///< [rows, outputs], see below; nullptr to predict
    unsigned weights_at = 0;  ///< in shared memory, in floats
    unsigned state_at = 0;    ///< in shared memory: activations [outputs], then deltas [outputs]
  };
  std::size_t count = 0;
  std::size_t floats = 0;  ///< of shared memory
  Layer at[kMaxLayers] = {};

  /// Places the layer above those that are there. Of the first one, only `outputs` count and what
  /// is in global memory, as it is computed elsewhere.
  void add(Layer layer) {
    if (count > 0) {
      layer.weights_at = static_cast<unsigned>(floats);
      floats += (at[count - 1].outputs + 1) * pitch(layer.outputs);
    }
    layer.state_at = static_cast<unsigned>(floats);
    floats += 2 * layer.outputs;
    at[count++] = layer;
  }

  /// Length of a row of weights in shared memory. It is odd, so that the 32 lanes of a warp find
  /// their words in as many banks both along a row and down a column.
  QMNIST_HOST_DEVICE static std::size_t pitch(std::size_t outputs) { return outputs | 1; }
};

/// What launch_row_step() does for each row of a batch.
struct RowStep {
  RowLayers layers;
  Activation activation;
  std::size_t index;         ///< of layer 0 in its network
  const float* derivatives;  ///< [rows, outputs of layer 0]; nullptr if that is not hidden
  const StepParams* step;    ///< on the device; nullptr to predict
  Targets targets;
  float* losses;           ///< [rows]
  std::uint8_t* correct;   ///< [rows]: whether the prediction is the label
  std::size_t batch_rows;  ///< of the batch, of which these may be a part
  float* probabilities;    ///< [rows, classes], to predict; nullptr to train
};

#ifdef QMNIST_KERNELS

inline constexpr unsigned kRowStepThreads = 128;

/// Brings all weights and biases to shared memory, a bias as one more row of its weights.
__device__ inline void load_weights(const RowLayers& layers, const OfNetwork& of, float* memory) {
  for (std::size_t l = 1; l < layers.count; ++l) {
    const RowLayers::Layer& layer = layers.at[l];
    const std::size_t inputs = layers.at[l - 1].outputs;
    const std::size_t pitch = RowLayers::pitch(layer.outputs);
    const float* from = of(layer.weights);
    const float* bias = of(layer.bias);
    float* weights = memory + layer.weights_at;
    const std::size_t count = inputs * layer.outputs;
    for (std::size_t i = threadIdx.x; i < count; i += blockDim.x) {
      weights[i / layer.outputs * pitch + i % layer.outputs] = from[i];
    }
    for (std::size_t j = threadIdx.x; j < layer.outputs; j += blockDim.x) {
      weights[inputs * pitch + j] = bias[j];
    }
  }
}

/// Brings a row of layer 0 to shared memory.
__device__ inline void load_row(const RowStep& step, const OfNetwork& of, std::size_t row,
                                float* memory) {
  const RowLayers::Layer& layer = step.layers.at[0];
  const float* activations = of(layer.activations);
  const float* derivatives = of(step.derivatives);
  float* state = memory + layer.state_at;
  for (std::size_t j = threadIdx.x; j < layer.outputs; j += blockDim.x) {
    const std::size_t place = row * layer.outputs + j;
    state[j] = activations[place];
    if (derivatives != nullptr) {
      state[layer.outputs + j] = derivatives[place];
    }
  }
}

/// Forward pass of layer l of a row: a unit a thread. Derivatives go where deltas will be.
__device__ inline void row_forward(const RowStep& step, const OfNetwork& of, Dropout dropout,
                                   std::size_t l, std::size_t row, float* memory) {
  const RowLayers::Layer& layer = step.layers.at[l];
  const RowLayers::Layer& below = step.layers.at[l - 1];
  const std::size_t pitch = RowLayers::pitch(layer.outputs);
  const ActivationParams units{step.activation, dropout, step.index + l};
  const RowRandom* random = random_of(of(step.step));
  float* to = of(layer.activations);
  float* activations = memory + layer.state_at;
  for (std::size_t j = threadIdx.x; j < layer.outputs; j += blockDim.x) {
    const float* weights = memory + layer.weights_at + j;
    const float sum = ordered_dot(memory + below.state_at, weights, pitch, below.outputs, 0);
    const float z = sum + weights[below.outputs * pitch];
    if (l + 1 == step.layers.count) {
      activations[j] = z;
      continue;
    }
    const HiddenUnit unit = hidden_unit(units, random, row, j, z);
    activations[j] = unit.activation;
    activations[layer.outputs + j] = unit.derivative;
    if (to != nullptr) {
      to[row * layer.outputs + j] = unit.activation;
    }
  }
}

/// Backward pass of layer l of a row, to the deltas of the layer below: one of these a thread.
__device__ inline void row_backward(const RowStep& step, const OfNetwork& of, std::size_t l,
                                    std::size_t row, float* memory) {
  const RowLayers::Layer& layer = step.layers.at[l];
  const RowLayers::Layer& below = step.layers.at[l - 1];
  const std::size_t pitch = RowLayers::pitch(layer.outputs);
  const float* deltas = memory + layer.state_at + layer.outputs;
  float* deltas_below = memory + below.state_at + below.outputs;  // where the derivatives are
  float* to = of(below.deltas);
  for (std::size_t k = threadIdx.x; k < below.outputs; k += blockDim.x) {
    const float* weights = memory + layer.weights_at + k * pitch;
    const float delta = deltas_below[k] * ordered_dot(deltas, weights, 1, layer.outputs, 0);
    deltas_below[k] = delta;
    to[row * below.outputs + k] = delta;
  }
}

/// A block takes each gridDim.x-th row, one after the other.
static __global__ void __launch_bounds__(kRowStepThreads)
    row_step_kernel(RowStep step, std::size_t rows, const __grid_constant__ NetworkSet networks) {
  __shared__ float memory[kRowStepFloats];
  const OfNetwork of(networks);
  const Dropout dropout = dropout_of(of(step.step));
  const bool predicts = step.probabilities != nullptr;
  const LossParams<float> loss = predicts ? LossParams<float>() : of(step.step)->loss;
  const std::size_t last = step.layers.count - 1;
  const std::size_t classes = step.layers.at[last].outputs;
  float* logits = memory + step.layers.at[last].state_at;
  float* gradient = logits + classes;
  float* result = of(predicts ? step.probabilities : step.layers.at[last].deltas);
  const float scale = 1.0F / static_cast<float>(step.batch_rows);
  load_weights(step.layers, of, memory);
  for (std::size_t row = blockIdx.x; row < rows; row += gridDim.x) {
    load_row(step, of, row, memory);
    for (std::size_t l = 1; l <= last; ++l) {
      __syncthreads();  // the layer below must be there, and before it the weights
      row_forward(step, of, dropout, l, row, memory);
    }
    __syncthreads();  // all logits must be there
    if (threadIdx.x == 0 && predicts) {
      softmax(logits, classes, gradient);
    } else if (threadIdx.x == 0) {
      const std::size_t label = of(step.targets.labels)[row];
      const float* soft_labels = of(step.targets.soft_labels);
      soft_labels = soft_labels == nullptr ? nullptr : soft_labels + row * classes;
      of(step.losses)[row] = row_loss(logits, classes, label, soft_labels, scale, gradient, loss);
      of(step.correct)[row] = argmax(logits, classes) == label ? 1 : 0;
    }
    __syncthreads();  // all of the gradient must be there
    for (std::size_t j = threadIdx.x; j < classes; j += blockDim.x) {
      result[row * classes + j] = gradient[j];
    }
    if (!predicts) {
      for (std::size_t l = last; l > 0; --l) {
        row_backward(step, of, l, row, memory);
        __syncthreads();  // the deltas must be there
      }
    }
    __syncthreads();  // the next row takes the place of this one
  }
}

/// All of a row that follows after a layer, which is layer 0 here, as no row needs another one:
/// forward pass of the other layers, loss, and backward pass to the deltas of layer 0. In a fixed
/// order, inputs and outputs ascending:
///
///     s = 0, for each input: s = fma(input, weight, s); z = s + bias
///     deltas of the logits, losses: row_loss() with the scale 1 / batch_rows
///     s = 0, for each output: s = fma(delta, weight, s); delta of the input = derivative * s
///
/// To predict, it ends with the probabilities. If layer 0 is the only one, its activations are the
/// logits.
/// @param step whose layers take at most kRowStepFloats
[[nodiscard]] inline cudaError_t launch_row_step(cudaStream_t stream, const RowStep& step,
                                                 std::size_t rows,
                                                 const NetworkSet& networks = {}) {
  // More blocks than a device holds at once would bring the weights to shared memory again and
  // again; more rows a block than necessary would leave multiprocessors without work.
  constexpr std::size_t kMaxBlocks = 512;
  const auto blocks = static_cast<unsigned>(rows < kMaxBlocks ? rows : kMaxBlocks);
  return launch(row_step_kernel, dim3(blocks, 1, networks.count), kRowStepThreads, stream, step,
                rows, networks);
}

#endif

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace qmnist
