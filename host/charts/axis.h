#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qmnist {

/// A range of finite values, low < high, with ticks at the multiples of a step.
struct Axis {
  double low;
  double high;
  double step;

  /// The value's position on the axis: 0 at the low end, 1 at the high end.
  [[nodiscard]] double position(double value) const { return (value - low) / (high - low); }
  [[nodiscard]] std::vector<double> ticks() const;
  /// The tick as text, with the number of decimals that all ticks of the axis need.
  [[nodiscard]] std::string label(double tick) const;
};

/// The axis of a range, with at most `max_steps` steps of 1, 2 or 5 times a power of ten.
[[nodiscard]] Axis axis_of(double low, double high, double max_steps);

/// The same, extended so that both ends are ticks.
[[nodiscard]] Axis round_axis(double low, double high, double max_steps);

/// The axis of `epochs` epochs, with integer ticks. A single epoch is in the middle.
[[nodiscard]] Axis epoch_axis(std::size_t epochs);

}  // namespace qmnist
