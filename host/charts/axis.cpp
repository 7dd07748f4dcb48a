#include "host/charts/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace qmnist {
namespace {

double nice_step(double at_least) {
  constexpr std::array kNice{1.0, 2.0, 5.0, 10.0};
  const double power = std::pow(10, std::floor(std::log10(at_least)));
  // Rounding may put the quotient just above 10.
  const double wanted = std::min(at_least / power, kNice.back());
  return power * *std::ranges::lower_bound(kNice, wanted);
}

}  // namespace

std::vector<double> Axis::ticks() const {
  const double rounding = step / 1e6;
  std::vector<double> ticks;
  for (double i = std::ceil((low - rounding) / step); i * step <= high + rounding; ++i) {
    ticks.push_back(i * step + 0.0);  // turns -0 into 0
  }
  return ticks;
}

std::string Axis::label(double tick) const {
  constexpr double kMaxLength = 1e6;
  const auto decimals = static_cast<int>(std::max(0.0, -std::floor(std::log10(step))));
  return high < kMaxLength ? fmt::format("{:.{}f}", tick, decimals) : fmt::format("{:.2g}", tick);
}

Axis axis_of(double low, double high, double max_steps) {
  return {.low = low, .high = high, .step = nice_step((high - low) / max_steps)};
}

Axis round_axis(double low, double high, double max_steps) {
  Axis axis = axis_of(low, high, max_steps);
  axis.low = std::floor(low / axis.step) * axis.step;
  axis.high = std::ceil(high / axis.step) * axis.step;
  return axis;
}

Axis epoch_axis(std::size_t epochs) {
  constexpr double kMaxSteps = 10;
  if (epochs < 2) {
    return {.low = 0.5, .high = 1.5, .step = 1};
  }
  Axis axis = axis_of(1, static_cast<double>(epochs), kMaxSteps);
  axis.step = std::max(axis.step, 1.0);
  return axis;
}

}  // namespace qmnist
