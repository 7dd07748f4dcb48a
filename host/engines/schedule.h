#pragma once

#include <cstdint>

namespace qmnist {

enum class ScheduleName { kConstant, kStep, kCosine, kOneCycle };

/// How the learning rate goes over a run; lengths are in epochs and need not be whole.
struct ScheduleSettings {
  ScheduleName name = ScheduleName::kConstant;
  double peak = 1e-3;        ///< the learning rate that the others are shares of
  double warmup_epochs = 0;  ///< before the schedule begins; 0 for kOneCycle
  double step_epochs = 5;    ///< kStep: from one change to the next
  double step_factor = 0.1;  ///< kStep: by which each change multiplies
  double final_factor = 0;   ///< kCosine, kOneCycle: share of the peak at the end
};

/// Whether another number of epochs would have given other learning rates from the start.
[[nodiscard]] bool depends_on_epochs(ScheduleName name);

/// The learning rate of every step of a run; where nothing else is said, Adam's usual one.
struct Schedule {
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
