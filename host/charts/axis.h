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

  /// The value's place on the axis: 0 at its low end, 1 at its high end.
  [[nodiscard]] double share(double value) const { return (value - low) / (high - low); }
  [[nodiscard]] std::vector<double> ticks() const;
  /// The tick as text, with as many decimals as all ticks of the axis need.
  [[nodiscard]] std::string label(double tick) const;
};

/// The axis of a range, with at most `most_steps` steps of 1, 2 or 5 times a power of ten.
[[nodiscard]] Axis axis_of(double low, double high, double most_steps);

/// The same, made longer so that it begins and ends with a tick.
[[nodiscard]] Axis round_axis(double low, double high, double most_steps);

/// The axis of so many epochs, with ticks at whole ones. A single epoch stands in its middle.
[[nodiscard]] Axis epoch_axis(std::size_t epochs);

}  // namespace qmnist
