#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/host_device.h"

namespace qmnist {

/// Hyperparameters of Adam under Keras's names, with Keras's defaults.
struct AdamSettings {
  double learning_rate = 1e-3;
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
inline AdamStep<Real> adam_step(const AdamSettings& settings, std::uint64_t t) {
  const auto step = static_cast<double>(t);
  const double alpha = settings.learning_rate * std::sqrt(1 - std::pow(settings.beta2, step)) /
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

}  // namespace qmnist
