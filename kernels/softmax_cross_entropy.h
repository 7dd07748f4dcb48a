#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/softmax.h"
#include "kernels/warp_sum.h"

namespace qmnist {

/// Cross-entropy of one image and its gradient, against a target that label smoothing (Szegedy et
/// al. 2016) takes from the label and gives to all classes alike:
///
///     target_i = (1 - smoothing) [i == label] + smoothing / classes
///     loss = -sum_i target_i log softmax(z)_i = log sum_j exp(z_j) - sum_i target_i z_i
///     d loss / d z_i = softmax(z)_i - target_i
///
/// `scale` is 1 / batch for a batch's mean loss. logits and gradient hold `classes` values and must
/// not overlap.
/// @return the unscaled loss, never negative up to rounding, finite for finite logits.
template <typename Real>
QMNIST_HOST_DEVICE inline Real softmax_cross_entropy(const Real* logits, std::size_t classes,
                                                     std::size_t label, Real scale, Real* gradient,
                                                     Real smoothing = 0) {
  const Real log_sum = softmax(logits, classes, gradient);
  const Real shared = smoothing / static_cast<Real>(classes);
  Real sum = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    const Real target = shared + (i == label ? 1 - smoothing : Real{0});
    gradient[i] = (gradient[i] - target) * scale;
    sum += logits[i];
  }
  return log_sum - (1 - smoothing) * logits[label] - shared * sum;
}

/// Sums over the images that were trained on, kept on the device.
struct DeviceMetrics {
  double loss_sum;
  unsigned long long correct;
};

#ifdef QMNIST_KERNELS

/// One block for the whole batch, so that the sums need neither a second launch nor atomics. First
/// one row per thread; then one column of the bias gradient per warp.
static __global__ void softmax_cross_entropy_kernel(
    float* __restrict__ logits, const float* __restrict__ bias,
    const std::uint8_t* __restrict__ labels, float* __restrict__ deltas,
    float* __restrict__ bias_gradient, DeviceMetrics* __restrict__ metrics, float smoothing,
    std::size_t rows, std::size_t classes) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  __shared__ double losses[kThreadsPerBlock / kWarp];
  const unsigned warp = threadIdx.x / kWarp;
  const unsigned lane = threadIdx.x % kWarp;
  const float scale = 1.0F / static_cast<float>(rows);

  double loss = 0;
  unsigned correct = 0;
  for (std::size_t first = 0; first < rows;
       first += kThreadsPerBlock) {  // a vote needs every thread
    const std::size_t row = first + threadIdx.x;
    bool hit = false;
    if (row < rows) {
      float* row_logits = logits + row * classes;
      for (std::size_t i = 0; i < classes; ++i) {
        row_logits[i] += bias[i];
      }
      const std::size_t label = labels[row];
      loss += static_cast<double>(softmax_cross_entropy(row_logits, classes, label, scale,
                                                        deltas + row * classes, smoothing));
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
    for (std::size_t row = lane; row < rows; row += kWarp) {
      sum += deltas[row * classes + column];
    }
    sum = warp_sum(sum);
    if (lane == 0) {
      bias_gradient[column] = sum;
    }
  }
  __syncthreads();  // every warp's loss must be there
  if (threadIdx.x == 0) {
    double sum = 0;
    for (const double warp_loss : losses) {
      sum += warp_loss;
    }
    metrics->loss_sum += sum;
    metrics->correct += correct;
  }
}

/// The end of the forward and the start of the backward pass of a batch:
///
///     logits[row] += bias, deltas[row] = gradient of softmax_cross_entropy(logits[row]) / rows,
///     bias_gradient = sum of the rows of deltas, metrics += losses and hits
///
/// @param logits [rows, classes] row-major: the last layer's products, then the logits
/// @param bias, bias_gradient [classes]
/// @param labels [rows], each below `classes`
/// @param deltas [rows, classes] row-major: d mean loss / d logits
/// @param metrics on the device; one, not of another launch at the same time
/// @param smoothing of the labels
[[nodiscard]] inline cudaError_t launch_softmax_cross_entropy(
    cudaStream_t stream, float* logits, const float* bias, const std::uint8_t* labels,
    float* deltas, float* bias_gradient, DeviceMetrics* metrics, float smoothing, std::size_t rows,
    std::size_t classes) {
  return launch(softmax_cross_entropy_kernel, 1, kThreadsPerBlock, stream, logits, bias, labels,
                deltas, bias_gradient, metrics, smoothing, rows, classes);
}

#endif

}  // namespace qmnist
