#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "host/engines/engine.h"

namespace qmnist::test {

/// A short training run.
struct TrainingCase {
  std::string name;
  EngineSettings settings;
  std::size_t samples;
  /// What train_case() returns with an engine whose order of operations is fixed. Changing them
  /// is a new version of the arithmetic (docs/arithmetic.md).
  std::string digests;
};

void PrintTo(const TrainingCase& training, std::ostream* stream);  // NOLINT: GoogleTest's name

/// Runs that together use every optimizer, activation and option whose results depend on the order
/// of operations.
[[nodiscard]] std::vector<TrainingCase> training_cases();

/// The same with batches of 12 slices, which several numbers of ranks can share.
[[nodiscard]] std::vector<TrainingCase> sliced_training_cases();

/// Trains an engine that was made with the case's settings on images made for it.
/// @return the beginnings of three SHA-256 digests: of the bits of parameters, moments and EMA; of
/// the
///   metrics; of the probabilities that it predicts for the images
[[nodiscard]] std::string train_case(Engine& engine, const TrainingCase& training);

}  // namespace qmnist::test
