#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "host/settings/optimizer_settings.h"
#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"
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
          ? std::sqrt(1 - power(settings.beta2, t)) / (1 - power(settings.beta1, t))
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

/// What a step of the optimizer reads and writes, on the device: arenas of [count] values, 16-byte
/// aligned.
struct OptimizerArenas {
  const float* gradients;
  float* parameters;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): std::array cannot be used on a device
  float* moments[kMaxMoments];            ///< as many as the optimizer keeps
  float* ema = nullptr;                   ///< moving average of the parameters; nullptr for none
  const float* gradient_scale = nullptr;  ///< one factor for all gradients; nullptr for none
};

#ifdef QMNIST_KERNELS

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

/// Neighbouring floats in registers, which are read and written at once.
template <std::size_t kWidth>
struct alignas(kWidth * sizeof(float)) Floats {
  float at[kWidth];
};

template <std::size_t kWidth>
__device__ inline Floats<kWidth> load(const float* address) {
  return *reinterpret_cast<const Floats<kWidth>*>(address);
}

template <std::size_t kWidth>
__device__ inline void store(float* address, const Floats<kWidth>& values) {
  *reinterpret_cast<Floats<kWidth>*>(address) = values;
}

/// Updates the parameters from `first` on, kWidth of them.
template <OptimizerName kName, std::size_t kWidth>
__device__ inline void update_parameters(const OptimizerStep<float>& step, float gradient_scale,
                                         const OptimizerArenas& arenas, std::size_t first) {
  const auto g = load<kWidth>(arenas.gradients + first);
  auto w = load<kWidth>(arenas.parameters + first);
  Floats<kWidth> m[kMaxMoments];
  for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
    m[j] = load<kWidth>(arenas.moments[j] + first);
  }
  for (std::size_t i = 0; i < kWidth; ++i) {
    float moments[kMaxMoments];
    for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
      moments[j] = m[j].at[i];
    }
    optimizer_update<kName>(step, g.at[i] * gradient_scale, w.at[i], moments);
    for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
      m[j].at[i] = moments[j];
    }
  }
  store(arenas.parameters + first, w);
  for (std::size_t j = 0; j < kMomentCount<kName>; ++j) {
    store(arenas.moments[j] + first, m[j]);
  }
  if (arenas.ema != nullptr) {
    auto averages = load<kWidth>(arenas.ema + first);
    for (std::size_t i = 0; i < kWidth; ++i) {
      ema_update(step, w.at[i], averages.at[i]);
    }
    store(arenas.ema + first, averages);
  }
}

/// The arenas of one network.
__device__ inline OptimizerArenas own_arenas(const OfNetwork& of, OptimizerArenas arenas) {
  arenas.gradients = of(arenas.gradients);
  arenas.parameters = of(arenas.parameters);
  for (float*& moments : arenas.moments) {
    moments = of(moments);
  }
  arenas.ema = of(arenas.ema);
  arenas.gradient_scale = of(arenas.gradient_scale);
  return arenas;
}

/// Four parameters per thread; the last one to three are updated one by one.
template <OptimizerName kName>
static __global__ void optimizer_kernel(const OptimizerStep<float>* __restrict__ step_scalars,
                                        OptimizerArenas of_first, std::size_t count,
                                        const __grid_constant__ NetworkSet networks) {
  const std::size_t first = 4 * (std::size_t{blockIdx.x} * blockDim.x + threadIdx.x);
  const OfNetwork of(networks);
  const OptimizerArenas arenas = own_arenas(of, of_first);
  const OptimizerStep<float> step = *of(step_scalars);
  const float gradient_scale = arenas.gradient_scale == nullptr ? 1.0F : *arenas.gradient_scale;
  if (first + 4 <= count) {
    update_parameters<kName, 4>(step, gradient_scale, arenas, first);
    return;
  }
  for (std::size_t i = first; i < count; ++i) {
    update_parameters<kName, 1>(step, gradient_scale, arenas, i);
  }
}

// NOLINTEND(modernize-avoid-c-arrays)

/// One step of the optimizer over whole arenas, with the gradient scale and the moving average if
/// there are any; moves 12 bytes per parameter, and 8 more per moment and for the average.
///
/// @param step_scalars one, on the device, so that a captured graph can be replayed at any step
[[nodiscard]] inline cudaError_t launch_optimizer(cudaStream_t stream, OptimizerName name,
                                                  const OptimizerStep<float>* step_scalars,
                                                  const OptimizerArenas& arenas, std::size_t count,
                                                  const NetworkSet& networks = {}) {
  const dim3 blocks(blocks_for(count, std::size_t{4} * kThreadsPerBlock), 1, networks.count);
  return with_choice(name, [&](auto constant) {
    return launch(optimizer_kernel<constant.value>, blocks, kThreadsPerBlock, stream, step_scalars,
                  arenas, count, networks);
  });
}

#endif

}  // namespace qmnist
