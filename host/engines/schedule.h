#pragma once

#include <cstdint>

#include "host/settings/schedule_settings.h"

namespace qmnist {

/// The learning rate of every step of a run; by default Adam's usual one.
struct Schedule {
  double peak = 1e-3;
  ScheduleSettings settings = {};
  std::uint64_t epochs = 1;
  std::uint64_t steps_per_epoch = 1;

  /// Of the step that follows `step` others, W of them the warm-up's, t those since, of T in all:
  ///
  ///     warm-up    peak * step / W
  ///     constant   peak
  ///     step       peak * step_factor^floor(t / step_epochs)
  ///     cosine     from peak to final_factor * peak at t = T, as half a wave of the cosine
  ///     one_cycle  from peak / 25 to the peak in 0.3 T steps, then to final_factor * peak at the
  ///                last step, each as half a wave of the cosine
  ///
  /// Sources: Loshchilov and Hutter 2017, without restarts; Smith and Topin 2017, as PyTorch's
  /// OneCycleLR does it, but for the momentum, which stays.
  [[nodiscard]] double learning_rate(std::uint64_t step) const;
};

}  // namespace qmnist
