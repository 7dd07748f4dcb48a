#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/engines/engine.h"
#include "host/selftest/stroke_images.h"

namespace qmnist::selftest {

/// A short training run by which engines are compared.
struct TrainingCase {
  std::string_view name;
  EngineSettings settings;
  std::size_t steps;

  /// Which images it trains on: 0, 1, ... of `count` in turn. The last batch is short by half.
  [[nodiscard]] std::vector<std::uint32_t> order(std::size_t count) const;
  /// For people: "60 steps of 784-128-64-10 (baseline)".
  [[nodiscard]] std::string description() const;
};

[[nodiscard]] TrainingCase baseline_case(std::size_t steps);
/// A network whose layers do not fit into a GPU's shared memory.
[[nodiscard]] TrainingCase wide_case(std::size_t steps);
/// AdamW, GELU, augmentation, clipping, dropout, EMA, label smoothing, a schedule.
[[nodiscard]] TrainingCase everything_case(std::size_t steps);

/// Indices of the first images, which a case's network classifies in the end.
[[nodiscard]] std::vector<std::uint32_t> predicted_images(std::size_t count);

/// What a case results in.
struct Outcome {
  TrainingState state;
  RunningMetrics metrics;
  std::vector<float> probabilities;  ///< of the first images, [images, classes]
};

/// Trains an engine that was made with the case's settings, from the case's initial weights.
[[nodiscard]] Outcome train(Engine& engine, const TrainingCase& training,
                            const StrokeImages& images);

/// The first value in which two outcomes differ by a bit: where it is and both values. Empty where
/// there is none.
[[nodiscard]] std::string difference(const Network& network, const Outcome& actual,
                                     const Outcome& expected);

}  // namespace qmnist::selftest
