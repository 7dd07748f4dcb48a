#pragma once

#include <cstddef>

#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/optimizer.h"

namespace qmnist {

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

/// What becomes of a gradient that is in a register: a step of the optimizer, or an element of an
/// arena. All pointers are to arenas of one layout.
struct GradientUse {
  float* gradients = nullptr;  ///< takes the gradients, if not nullptr; then nothing else is used
  bool adds = false;           ///< to the gradients that are there, those of the slices before
  OptimizerName optimizer = OptimizerName::kAdam;
  const OptimizerStep<float>* step = nullptr;  ///< scalars, on the device
  float* parameters = nullptr;
  float* moments[kMaxMoments] = {};  ///< as many as the optimizer keeps
  float* ema = nullptr;              ///< moving average of the parameters; nullptr for none
};

#ifdef QMNIST_KERNELS

/// A parameter and what the optimizer keeps of it, in registers.
struct ParameterState {
  float parameter;
  float moments[kMaxMoments];
  float average;
};

/// Reads a parameter's state, if a step needs it: before its gradient is summed, so that the
/// memory's latency is spent on the sum.
/// @param place in the arenas, behind OfNetwork::floats()
__device__ inline ParameterState load_state(const GradientUse& use, std::size_t place) {
  ParameterState state{};
  if (use.gradients != nullptr) {
    return state;
  }
  state.parameter = use.parameters[place];
  for (std::size_t i = 0; i < kMaxMoments; ++i) {
    state.moments[i] = use.moments[i] == nullptr ? 0 : use.moments[i][place];
  }
  state.average = use.ema == nullptr ? 0 : use.ema[place];
  return state;
}

/// Takes the optimizer's step on the state, or stores the gradient.
/// @param place as for load_state()
__device__ inline void use_gradient(const GradientUse& use, const OfNetwork& of, std::size_t place,
                                    float gradient, ParameterState state) {
  if (use.gradients != nullptr) {
    use.gradients[place] = use.adds ? use.gradients[place] + gradient : gradient;
    return;
  }
  const OptimizerStep<float> step = *of(use.step);
  switch (use.optimizer) {
    case OptimizerName::kAdam:
    case OptimizerName::kAdamW:  // another decay, which is one of the scalars
      optimizer_update<OptimizerName::kAdamW>(step, gradient, state.parameter, state.moments);
      break;
    case OptimizerName::kSgd:
      optimizer_update<OptimizerName::kSgd>(step, gradient, state.parameter, state.moments);
      break;
  }
  use.parameters[place] = state.parameter;
  for (std::size_t i = 0; i < kMaxMoments; ++i) {
    if (use.moments[i] != nullptr) {
      use.moments[i][place] = state.moments[i];
    }
  }
  if (use.ema != nullptr) {
    ema_update(step, state.parameter, state.average);
    use.ema[place] = state.average;
  }
}

#endif

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace qmnist
