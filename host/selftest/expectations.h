#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "host/selftest/check.h"
#include "host/selftest/training_case.h"

namespace qmnist::selftest {

/// What checks compare with; each part is made when it is first asked for.
class Expectations {
 public:
  /// @param threads of the CPU engine
  explicit Expectations(std::size_t threads) : threads_(threads) {}

  /// A case's outcome by the reference's plain loops in float.
  [[nodiscard]] const Outcome& by_plain_loops(const TrainingCase& training);
  /// The same by the CPU engine.
  [[nodiscard]] const Outcome& by_cpu(const TrainingCase& training);
  /// That the cases train on.
  [[nodiscard]] const StrokeImages& images() const { return images_; }
  /// As many as the baseline trains on.
  [[nodiscard]] const StrokeImages& epoch_images();
  [[nodiscard]] std::size_t threads() const { return threads_; }

 private:
  std::size_t threads_;
  StrokeImages images_{2000};
  std::optional<StrokeImages> epoch_images_;
  std::map<std::string_view, Outcome> by_plain_loops_;
  std::map<std::string_view, Outcome> by_cpu_;
};

using MakeEngine = std::function<std::unique_ptr<Engine>(EngineSettings)>;

/// Whether an engine's outcome of a case is the expected one, to the bit.
/// @param bits_of whose the expected outcome is, for people
[[nodiscard]] Finding compare_bits(const MakeEngine& make_engine, const TrainingCase& training,
                                   const StrokeImages& images, const Outcome& expected,
                                   std::string_view bits_of);

}  // namespace qmnist::selftest
