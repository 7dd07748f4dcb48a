#include "host/engines/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/scalar.h"

namespace qmnist {
namespace {

/// From `begin` at progress 0 to `end` at progress 1, level at both.
double half_cosine(double begin, double end, double progress) {
  return end + (begin - end) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

double one_cycle(double peak, double end, double step, double steps) {
  constexpr double kDivisor = 25;
  constexpr double kRise = 0.3;
  // PyTorch's steps are counted from 0, so that the peak and the end come one earlier.
  const double top = kRise * steps - 1;
  const double last = steps - 1;
  return step <= top ? half_cosine(peak / kDivisor, peak, step / top)
                     : half_cosine(peak, end, (step - top) / (last - top));
}

}  // namespace

double Schedule::learning_rate(std::uint64_t step) const {
  const auto epoch_steps = static_cast<double>(steps_per_epoch);
  const double warmup = settings.warmup_epochs * epoch_steps;
  const double steps = static_cast<double>(epochs) * epoch_steps - warmup;
  const double done = static_cast<double>(step) - warmup;
  if (done < 0) {
    return peak * static_cast<double>(step) / warmup;
  }
  const double end = peak * settings.final_factor;
  switch (settings.name) {
    case ScheduleName::kStep:
      return peak * power(settings.step_factor,
                          static_cast<std::uint64_t>(done / (settings.step_epochs * epoch_steps)));
    case ScheduleName::kCosine:
      return half_cosine(peak, end, std::min(done / steps, 1.0));
    case ScheduleName::kOneCycle:
      return one_cycle(peak, end, std::min(done, steps - 1), steps);
    case ScheduleName::kConstant:
      break;
  }
  return peak;
}

}  // namespace qmnist
