#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/loss_params.h"
#include "kernels/row_tiles.h"
#include "kernels/softmax.h"
#include "kernels/warp_sum.h"

namespace qmnist {

/// The same for one row.
template <typename Real>
QMNIST_HOST_DEVICE inline Real softmax_cross_entropy(const Real* logits, std::size_t classes,
                                                     std::size_t label, Real scale, Real* gradient,
                                                     Real smoothing = 0) {
  return softmax_cross_entropy(logits, classes, static_cast<Real>(label), scale, gradient,
                               smoothing);
}

/// The loss of one row: softmax_cross_entropy() or, where there are soft labels,
/// distillation_loss().
/// @param soft_labels [classes], or nullptr
template <typename Real>
QMNIST_HOST_DEVICE inline Real row_loss(const Real* logits, std::size_t classes, std::size_t label,
                                        const Real* soft_labels, Real scale, Real* gradient,
                                        const LossParams<Real>& params) {
  const auto label_value = static_cast<Real>(label);
  if (soft_labels == nullptr) {
    return softmax_cross_entropy(logits, classes, label_value, scale, gradient,
                                 params.label_smoothing);
  }
  return distillation_loss(logits, classes, label_value, soft_labels, scale, gradient,
                           params.label_smoothing, params.teacher_weight,
                           params.teacher_temperature);
}

/// What the network is to learn of the rows of a batch.
struct Targets {
  const std::uint8_t* labels;          ///< [rows], each below the number of classes
  const float* soft_labels = nullptr;  ///< [rows, classes] row-major; nullptr without a teacher

  /// From a row on.
  [[nodiscard]] Targets from(std::size_t row, std::size_t classes) const {
    return {labels + row, soft_labels == nullptr ? nullptr : soft_labels + row * classes};
  }
};

/// Sums over the images that were trained on, kept on the device.
struct DeviceMetrics {
  double loss_sum;
  unsigned long long correct;
};

#ifdef QMNIST_KERNELS

/// A block takes a tile of rows: first one row per thread; then one column of the bias gradient per
/// warp. Of a single tile these are the batch's sums, and its metrics are added to `metrics`.
static __global__ void softmax_cross_entropy_kernel(
    float* __restrict__ logits, const float* __restrict__ bias, Targets targets,
    float* __restrict__ deltas, float* __restrict__ tile_sums, DeviceMetrics* __restrict__ metrics,
    LossParams<float> params, std::size_t rows, std::size_t classes) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ double losses[kThreadsPerBlock / kWarp];
  const unsigned warp = threadIdx.x / kWarp;
  const unsigned lane = threadIdx.x % kWarp;
  const float scale = 1.0F / static_cast<float>(rows);
  const RowTile tile = row_tile(rows);

  double loss = 0;
  unsigned correct = 0;
  for (std::size_t first = tile.first; first < tile.end;
       first += kThreadsPerBlock) {  // a vote needs every thread
    const std::size_t row = first + threadIdx.x;
    bool hit = false;
    if (row < tile.end) {
      float* row_logits = logits + row * classes;
      for (std::size_t i = 0; i < classes; ++i) {
        row_logits[i] += bias[i];
      }
      const std::size_t label = targets.labels[row];
      const float* soft_labels =
          targets.soft_labels == nullptr ? nullptr : targets.soft_labels + row * classes;
      loss += static_cast<double>(
          row_loss(row_logits, classes, label, soft_labels, scale, deltas + row * classes, params));
      hit = argmax(row_logits, classes) == label;
    }
    // A barrier too: below, every thread reads deltas of the others.
    correct += static_cast<unsigned>(__syncthreads_count(hit ? 1 : 0));
  }

  loss = warp_sum(loss);
  if (lane == 0) {
    losses[warp] = loss;
  }
  for (std::size_t column = warp; column < classes; column += kThreadsPerBlock / kWarp) {
    float sum = 0;
    for (std::size_t row = tile.first + lane; row < tile.end; row += kWarp) {
      sum += deltas[row * classes + column];
    }
    sum = warp_sum(sum);
    if (lane == 0) {
      tile_sums[blockIdx.y * classes + column] = sum;
    }
  }
  __syncthreads();  // every warp's loss must be there
  if (threadIdx.x == 0) {
    double sum = 0;
    for (const double warp_loss : losses) {
      sum += warp_loss;
    }
    const bool is_only_tile = gridDim.y == 1;
    const DeviceMetrics before = is_only_tile ? *metrics : DeviceMetrics{0, 0};
    metrics[blockIdx.y] = {before.loss_sum + sum, before.correct + correct};
  }
}

/// One class per thread; one thread adds the metrics.
static __global__ void sum_loss_tiles_kernel(const float* __restrict__ tile_sums,
                                             const DeviceMetrics* __restrict__ tile_metrics,
                                             float* __restrict__ bias_gradient,
                                             DeviceMetrics* __restrict__ metrics, std::size_t tiles,
                                             std::size_t classes) {
  const std::size_t column = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column < classes) {
    bias_gradient[column] = sum_of_tiles(tile_sums, tiles, classes, column);
  }
  if (column == 0) {
    DeviceMetrics sum = *metrics;
    for (std::size_t tile = 0; tile < tiles; ++tile) {
      sum.loss_sum += tile_metrics[tile].loss_sum;
      sum.correct += tile_metrics[tile].correct;
    }
    *metrics = sum;
  }
}

/// Memory to work with where a batch has several tiles.
struct LossTiles {
  float* bias_sums;        ///< [tiles_for(rows), classes]
  DeviceMetrics* metrics;  ///< [tiles_for(rows)]
};

/// The end of the forward and the start of the backward pass of a batch:
///
///     logits[row] += bias, deltas[row] = gradient of row_loss(logits[row]) / rows,
///     bias_gradient = sum of the rows of deltas, metrics += losses and hits
///
/// @param logits [rows, classes] row-major: the last layer's products, then the logits
/// @param bias, bias_gradient [classes]
/// @param deltas [rows, classes] row-major: d mean loss / d logits
/// @param metrics on the device; one, not of another launch at the same time
[[nodiscard]] inline cudaError_t launch_softmax_cross_entropy(
    cudaStream_t stream, float* logits, const float* bias, const Targets& targets, float* deltas,
    float* bias_gradient, DeviceMetrics* metrics, const LossTiles& scratch,
    const LossParams<float>& params, std::size_t rows, std::size_t classes) {
  const std::size_t tiles = tiles_for(rows);
  const bool is_only_tile = tiles == 1;
  const cudaError_t status = launch(
      softmax_cross_entropy_kernel, dim3(1, static_cast<unsigned>(tiles)), kThreadsPerBlock, stream,
      logits, bias, targets, deltas, is_only_tile ? bias_gradient : scratch.bias_sums,
      is_only_tile ? metrics : scratch.metrics, params, rows, classes);
  if (status != cudaSuccess || is_only_tile) {
    return status;
  }
  return launch(sum_loss_tiles_kernel, blocks_for(classes, kThreadsPerBlock), kThreadsPerBlock,
                stream, scratch.bias_sums, scratch.metrics, bias_gradient, metrics, tiles, classes);
}

#endif

}  // namespace qmnist
