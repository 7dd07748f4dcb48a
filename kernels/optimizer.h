#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "host/settings/optimizer_settings.h"
#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/scalar.h"

namespace qmnist {

#define QMNIST_FORMULA QMNIST_HOST_DEVICE inline
#include "kernels/optimizer-inl.h"
#undef QMNIST_FORMULA

/// The scalars of step t = 1, 2, ...:
///
///     Adam  alpha = lr * sqrt(1 - beta2^t) / (1 - beta1^t)
///     EMA   decay = min(ema_decay, (1 + t) / (10 + t)), so that the average forgets the start
///           sooner (TensorFlow's ExponentialMovingAverage with num_updates)
template <typename Real>
inline OptimizerStep<Real> optimizer_scalars(const OptimizerSettings& settings,
                                             double learning_rate, std::uint64_t t,
                                             double ema_decay = 0) {
  const auto step = static_cast<double>(t);
  const double correction =
      choice_of(settings.name).corrects_bias
          ? std::sqrt(1 - std::pow(settings.beta2, step)) / (1 - std::pow(settings.beta1, step))
          : 1;
  const OptimizerStep<double> scalars{
      .alpha = learning_rate * correction,
      .one_minus_beta1 = 1 - settings.beta1,
      .one_minus_beta2 = 1 - settings.beta2,
      .epsilon = settings.epsilon,
      .momentum = settings.momentum,
      .decay = learning_rate * settings.weight_decay,
      .one_minus_decay = ema_decay > 0 ? 1 - std::min(ema_decay, (1 + step) / (10 + step)) : 0,
      .nesterov = settings.nesterov};
  return convert_step<Real>(scalars);
}

/// The moving average of a weight, after a step.
template <typename Real>
QMNIST_HOST_DEVICE inline void ema_update(const OptimizerStep<Real>& step, Real parameter,
                                          Real& average) {
  average += (parameter - average) * step.one_minus_decay;
}

/// The arenas of a step of the optimizer, on the device: [count] each, 16-byte aligned.
struct OptimizerArenas {
  const float* gradients;
  float* parameters;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  float* moments[kMaxMoments];  ///< as many as the optimizer keeps
};

#ifdef QMNIST_KERNELS

/// Four floats in registers, which are read and written at once.
struct alignas(16) FourFloats {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  float at[4];
};

/// Four parameters per thread; the last one to three are updated one by one.
template <OptimizerName kName>
static __global__ void optimizer_kernel(const OptimizerStep<float>* __restrict__ step_scalars,
                                        OptimizerArenas arenas, std::size_t count) {
  // NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device
  const std::size_t first = 4 * (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x);
  const OptimizerStep<float> step = *step_scalars;
  float moments[kMaxMoments];
  if (first + 4 <= count) {
    const FourFloats g = *reinterpret_cast<const FourFloats*>(arenas.gradients + first);
    FourFloats w = *reinterpret_cast<FourFloats*>(arenas.parameters + first);
    FourFloats m[kMaxMoments];
    for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
      m[j] = *reinterpret_cast<FourFloats*>(arenas.moments[j] + first);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
        moments[j] = m[j].at[i];
      }
      optimizer_update<kName>(step, g.at[i], w.at[i], moments);
      for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
        m[j].at[i] = moments[j];
      }
    }
    *reinterpret_cast<FourFloats*>(arenas.parameters + first) = w;
    for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
      *reinterpret_cast<FourFloats*>(arenas.moments[j] + first) = m[j];
    }
    return;
  }
  for (std::size_t i = first; i < count; ++i) {
    for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
      moments[j] = arenas.moments[j][i];
    }
    optimizer_update<kName>(step, arenas.gradients[i], arenas.parameters[i], moments);
    for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
      arenas.moments[j][i] = moments[j];
    }
  }
  // NOLINTEND(modernize-avoid-c-arrays)
}

/// One step of the optimizer over whole arenas; moves 12 bytes per parameter, and 8 more per
/// moment.
///
/// @param step_scalars one, on the device, so that a captured graph can be replayed at any step
[[nodiscard]] inline cudaError_t launch_optimizer(cudaStream_t stream, OptimizerName name,
                                                  const OptimizerStep<float>* step_scalars,
                                                  const OptimizerArenas& arenas,
                                                  std::size_t count) {
  return with_choice(name, [&](auto constant) {
    return launch(optimizer_kernel<constant.value>,
                  blocks_for(count, std::size_t{4} * kThreadsPerBlock), kThreadsPerBlock, stream,
                  step_scalars, arenas, count);
  });
}

/// One parameter per thread.
static __global__ void ema_update_kernel(const OptimizerStep<float>* __restrict__ step_scalars,
                                         const float* __restrict__ parameters,
                                         float* __restrict__ ema, std::size_t count) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) {
    ema_update(*step_scalars, parameters[i], ema[i]);
  }
}

/// Updates the moving average of the weights after a step.
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
