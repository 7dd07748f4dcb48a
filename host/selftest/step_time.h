#pragma once

#include <cstddef>
#include <string>

#include "host/engines/engine.h"
#include "host/selftest/stroke_images.h"

namespace qmnist::selftest {

/// Images and steps of an epoch of configs/baseline.json.
inline constexpr std::size_t kEpochImages = 56000;
inline constexpr std::size_t kEpochSteps = 1750;

/// Wall-clock seconds per step, over five rounds.
struct StepTime {
  double median;
  double least;
  double greatest;

  /// For people: "16.2 us a step (15.9 to 17.0), 0.028 s an epoch".
  [[nodiscard]] std::string text() const;
};

/// Measures training with all that an epoch consists of: five epochs over the images, after one
/// that is not counted. Where steps are slow, only the part of each epoch that half a second
/// suffices for.
[[nodiscard]] StepTime measure_steps(Engine& engine, const StrokeImages& images);

}  // namespace qmnist::selftest
