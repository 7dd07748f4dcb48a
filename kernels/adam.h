#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace qmnist {

/// Hyperparameters of Adam under Keras's names, with Keras's defaults; the learning rate comes with
/// each step.
struct AdamSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
};

/// What is the same for every parameter of one step.
template <typename Real>
struct AdamStep {
  Real alpha;  ///< learning rate with both bias corrections
  Real one_minus_beta1;
  Real one_minus_beta2;
  Real epsilon;
};

/// The scalars of step t = 1, 2, ...: alpha = lr * sqrt(1 - beta2^t) / (1 - beta1^t).
template <typename Real>
inline AdamStep<Real> adam_step(const AdamSettings& settings, double learning_rate,
                                std::uint64_t t) {
  const auto step = static_cast<double>(t);
  const double alpha = learning_rate * std::sqrt(1 - std::pow(settings.beta2, step)) /
                       (1 - std::pow(settings.beta1, step));
  return {.alpha = static_cast<Real>(alpha),
          .one_minus_beta1 = static_cast<Real>(1 - settings.beta1),
          .one_minus_beta2 = static_cast<Real>(1 - settings.beta2),
          .epsilon = static_cast<Real>(settings.epsilon)};
}

/// Adam (Kingma and Ba 2015, end of section 2) as Keras applies it, on one parameter:
///
///     m += (g - m) * (1 - beta1)
///     v += (g^2 - v) * (1 - beta2)
///     w -= alpha * m / (sqrt(v) + epsilon)
///
/// PyTorch adds epsilon behind the bias correction instead; with these it trains differently.
/// Source: keras/src/optimizers/adam.py, update_step.
template <typename Real>
QMNIST_HOST_DEVICE inline void adam_update(const AdamStep<Real>& step, Real gradient,
                                           Real& parameter, Real& first_moment,
                                           Real& second_moment) {
  first_moment += (gradient - first_moment) * step.one_minus_beta1;
  second_moment += (gradient * gradient - second_moment) * step.one_minus_beta2;
  parameter -= step.alpha * first_moment / (std::sqrt(second_moment) + step.epsilon);
}

#ifdef QMNIST_KERNELS

/// Four parameters a thread; the last one to three are done one by one.
static __global__ void adam_kernel(const AdamStep<float>* __restrict__ step_scalars,
                                   const float* __restrict__ gradients,
                                   float* __restrict__ parameters,
                                   float* __restrict__ first_moments,
                                   float* __restrict__ second_moments, std::size_t count) {
  const std::size_t first = 4 * (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x);
  const AdamStep<float> step = *step_scalars;
  if (first + 4 <= count) {
    const float4 g = *reinterpret_cast<const float4*>(gradients + first);
    float4 w = *reinterpret_cast<float4*>(parameters + first);
    float4 m = *reinterpret_cast<float4*>(first_moments + first);
    float4 v = *reinterpret_cast<float4*>(second_moments + first);
    adam_update(step, g.x, w.x, m.x, v.x);
    adam_update(step, g.y, w.y, m.y, v.y);
    adam_update(step, g.z, w.z, m.z, v.z);
    adam_update(step, g.w, w.w, m.w, v.w);
    *reinterpret_cast<float4*>(parameters + first) = w;
    *reinterpret_cast<float4*>(first_moments + first) = m;
    *reinterpret_cast<float4*>(second_moments + first) = v;
    return;
  }
  for (std::size_t i = first; i < count; ++i) {
    adam_update(step, gradients[i], parameters[i], first_moments[i], second_moments[i]);
  }
}

/// One step of Adam over a whole arena; moves 28 bytes a parameter.
///
/// @param step_scalars one, on the device, so that a captured graph can be replayed at any step
/// @param gradients, parameters, first_moments, second_moments [count], 16-byte aligned
[[nodiscard]] inline cudaError_t launch_adam(cudaStream_t stream,
                                             const AdamStep<float>* step_scalars,
                                             const float* gradients, float* parameters,
                                             float* first_moments, float* second_moments,
                                             std::size_t count) {
  return launch(adam_kernel, blocks_for(count, std::size_t{4} * kBlock), kBlock, stream,
                step_scalars, gradients, parameters, first_moments, second_moments, count);
}

#endif

}  // namespace qmnist
