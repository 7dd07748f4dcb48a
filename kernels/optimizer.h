#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "host/settings/optimizer_settings.h"
#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace qmnist {

/// adam_update() or sgd_update(), without or with Nesterov's look ahead.
enum class UpdateRule : std::int32_t { kAdam, kMomentum, kNesterov };

/// What is the same for every parameter of one step. Each warp of a GPU reads it: in floats it is
/// eight aligned words, two loads.
template <typename Real>
struct alignas(16) OptimizerStep {
  UpdateRule rule;
  Real alpha;  ///< learning rate; Adam's with both bias corrections
  Real one_minus_beta1;
  Real one_minus_beta2;
  Real epsilon;
  Real momentum;
  Real decay;      ///< learning rate times weight decay
  Real averaging;  ///< how far the moving average goes towards the new weights
};

/// The scalars of step t = 1, 2, ...:
///
///     Adam       alpha = lr * sqrt(1 - beta2^t) / (1 - beta1^t)
///     averaging  1 - min(ema_decay, (1 + t) / (10 + t)), so that the average forgets the start
///                sooner (TensorFlow's ExponentialMovingAverage with num_updates)
template <typename Real>
inline OptimizerStep<Real> optimizer_scalars(const OptimizerSettings& settings,
                                             double learning_rate, std::uint64_t t,
                                             double ema_decay = 0) {
  const auto step = static_cast<double>(t);
  const UpdateRule rule = settings.name != OptimizerName::kSgd ? UpdateRule::kAdam
                          : settings.nesterov                  ? UpdateRule::kNesterov
                                                               : UpdateRule::kMomentum;
  const double correction =
      rule == UpdateRule::kAdam
          ? std::sqrt(1 - std::pow(settings.beta2, step)) / (1 - std::pow(settings.beta1, step))
          : 1;
  return {.rule = rule,
          .alpha = static_cast<Real>(learning_rate * correction),
          .one_minus_beta1 = static_cast<Real>(1 - settings.beta1),
          .one_minus_beta2 = static_cast<Real>(1 - settings.beta2),
          .epsilon = static_cast<Real>(settings.epsilon),
          .momentum = static_cast<Real>(settings.momentum),
          .decay = static_cast<Real>(learning_rate * settings.weight_decay),
          .averaging = static_cast<Real>(
              ema_decay > 0 ? 1 - std::min(ema_decay, (1 + step) / (10 + step)) : 0)};
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
QMNIST_HOST_DEVICE inline void adam_update(const OptimizerStep<Real>& step, Real gradient,
                                           Real& parameter, Real& first_moment,
                                           Real& second_moment) {
  first_moment += (gradient - first_moment) * step.one_minus_beta1;
  second_moment += (gradient * gradient - second_moment) * step.one_minus_beta2;
  parameter -= step.alpha * first_moment / (std::sqrt(second_moment) + step.epsilon);
}

/// Gradient descent with momentum, as Keras applies it; the velocity m is the first moment's place:
///
///     m = momentum * m - lr * g
///     w += m, with Nesterov (Sutskever et al. 2013) w += momentum * m - lr * g
///
/// Source: keras/src/optimizers/sgd.py, update_step.
template <typename Real>
QMNIST_HOST_DEVICE inline void sgd_update(const OptimizerStep<Real>& step, Real gradient,
                                          Real& parameter, Real& velocity) {
  const Real push = step.alpha * gradient;
  velocity = step.momentum * velocity - push;
  parameter += step.rule == UpdateRule::kNesterov ? step.momentum * velocity - push : velocity;
}

/// A step of the optimizer on one parameter; before it w -= lr * weight_decay * w, apart from the
/// gradient (Loshchilov and Hutter 2019, AdamW). Like Keras's it takes all parameters, biases too.
template <typename Real>
QMNIST_HOST_DEVICE inline void optimizer_update(const OptimizerStep<Real>& step, Real gradient,
                                                Real& parameter, Real& first_moment,
                                                Real& second_moment) {
  parameter -= step.decay * parameter;
  if (step.rule == UpdateRule::kAdam) {
    adam_update(step, gradient, parameter, first_moment, second_moment);
  } else {
    sgd_update(step, gradient, parameter, first_moment);
  }
}

/// The moving average of a weight, after a step.
template <typename Real>
QMNIST_HOST_DEVICE inline void ema_update(const OptimizerStep<Real>& step, Real parameter,
                                          Real& average) {
  average += (parameter - average) * step.averaging;
}

#ifdef QMNIST_KERNELS

/// Four parameters a thread; the last one to three are done one by one.
static __global__ void optimizer_kernel(const OptimizerStep<float>* __restrict__ step_scalars,
                                        const float* __restrict__ gradients,
                                        float* __restrict__ parameters,
                                        float* __restrict__ first_moments,
                                        float* __restrict__ second_moments, std::size_t count) {
  const std::size_t first = 4 * (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x);
  const OptimizerStep<float> step = *step_scalars;
  if (first + 4 <= count) {
    const float4 g = *reinterpret_cast<const float4*>(gradients + first);
    float4 w = *reinterpret_cast<float4*>(parameters + first);
    float4 m = *reinterpret_cast<float4*>(first_moments + first);
    float4 v = *reinterpret_cast<float4*>(second_moments + first);
    optimizer_update(step, g.x, w.x, m.x, v.x);
    optimizer_update(step, g.y, w.y, m.y, v.y);
    optimizer_update(step, g.z, w.z, m.z, v.z);
    optimizer_update(step, g.w, w.w, m.w, v.w);
    *reinterpret_cast<float4*>(parameters + first) = w;
    *reinterpret_cast<float4*>(first_moments + first) = m;
    *reinterpret_cast<float4*>(second_moments + first) = v;
    return;
  }
  for (std::size_t i = first; i < count; ++i) {
    optimizer_update(step, gradients[i], parameters[i], first_moments[i], second_moments[i]);
  }
}

/// One step of the optimizer over a whole arena; moves 28 bytes a parameter.
///
/// @param step_scalars one, on the device, so that a captured graph can be replayed at any step
/// @param gradients, parameters, first_moments, second_moments [count], 16-byte aligned
[[nodiscard]] inline cudaError_t launch_optimizer(cudaStream_t stream,
                                                  const OptimizerStep<float>* step_scalars,
                                                  const float* gradients, float* parameters,
                                                  float* first_moments, float* second_moments,
                                                  std::size_t count) {
  return launch(optimizer_kernel, blocks_for(count, std::size_t{4} * kThreadsPerBlock),
                kThreadsPerBlock, stream, step_scalars, gradients, parameters, first_moments,
                second_moments, count);
}

/// A parameter a thread.
static __global__ void ema_update_kernel(const OptimizerStep<float>* __restrict__ step_scalars,
                                         const float* __restrict__ parameters,
                                         float* __restrict__ ema, std::size_t count) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) {
    ema_update(*step_scalars, parameters[i], ema[i]);
  }
}

/// Takes the weights of a step that has been done into their moving average.
///
/// @param step_scalars one, on the device
/// @param parameters, ema [count]
[[nodiscard]] inline cudaError_t launch_ema_update(cudaStream_t stream,
                                                   const OptimizerStep<float>* step_scalars,
                                                   const float* parameters, float* ema,
                                                   std::size_t count) {
  return launch(ema_update_kernel, blocks_for(count, kThreadsPerBlock), kThreadsPerBlock, stream,
                step_scalars, parameters, ema, count);
}

#endif

}  // namespace qmnist
