#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/host_device.h"

namespace qmnist {

/// Place of the largest value; the first of equals, as NumPy and Keras take it.
template <typename Real>
QMNIST_HOST_DEVICE inline std::size_t argmax(const Real* values, std::size_t count) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i) {
    if (values[i] > values[best]) {
      best = i;
    }
  }
  return best;
}

/// softmax(z)_i = exp(z_i - max z) / sum_j exp(z_j - max z), which cannot overflow.
/// logits and probabilities hold `classes` values and may be the same memory.
/// @return log sum_j exp(z_j), from which the cross-entropy follows as that minus z_label.
template <typename Real>
QMNIST_HOST_DEVICE inline Real softmax(const Real* logits, std::size_t classes,
                                       Real* probabilities) {
  const Real largest = logits[argmax(logits, classes)];
  Real sum = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    probabilities[i] = std::exp(logits[i] - largest);
    sum += probabilities[i];
  }
  for (std::size_t i = 0; i < classes; ++i) {
    probabilities[i] /= sum;
  }
  return largest + std::log(sum);
}

/// Cross-entropy -log softmax(logits)_label of one image and its gradient.
///
/// d loss / d z_i = softmax(z)_i - [i == label]; `scale` is 1 / batch for a batch's mean loss.
/// logits and gradient hold `classes` values and must not overlap.
/// @return the unscaled loss, never negative up to rounding, finite for finite logits.
template <typename Real>
QMNIST_HOST_DEVICE inline Real softmax_cross_entropy(const Real* logits, std::size_t classes,
                                                     std::size_t label, Real scale,
                                                     Real* gradient) {
  const Real log_sum = softmax(logits, classes, gradient);
  for (std::size_t i = 0; i < classes; ++i) {
    gradient[i] = (gradient[i] - (i == label ? Real{1} : Real{0})) * scale;
  }
  return log_sum - logits[label];
}

}  // namespace qmnist
