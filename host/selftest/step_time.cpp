#include "host/selftest/step_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "host/stopwatch.h"

namespace qmnist::selftest {
namespace {

constexpr std::size_t kRounds = 5;
constexpr double kRoundSeconds = 0.5;

double seconds_per_step(Engine& engine, const DataView& data,
                        std::span<const std::uint32_t> order) {
  const std::uint64_t steps_before = engine.state().step;
  RunningMetrics metrics;
  const Stopwatch watch;
  engine.train(data, order, metrics,
               [&](const RunningMetrics&) { return watch.seconds() < kRoundSeconds; });
  const double seconds = watch.seconds();
  return seconds / static_cast<double>(engine.state().step - steps_before);
}

}  // namespace

std::string StepTime::text() const {
  constexpr double kMicro = 1e6;
  return fmt::format("{:.1f} us a step ({:.1f} to {:.1f}), {:.3f} s an epoch", median * kMicro,
                     least * kMicro, greatest * kMicro, median * kEpochSteps);
}

StepTime measure_steps(Engine& engine, const StrokeImages& images) {
  const DataView data = images.view();
  std::vector<std::uint32_t> order(data.count());
  std::iota(order.begin(), order.end(), 0U);
  engine.keep_on_device(data);
  (void)seconds_per_step(engine, data, order);
  std::array<double, kRounds> rounds{};
  std::ranges::generate(rounds, [&] { return seconds_per_step(engine, data, order); });
  std::ranges::sort(rounds);
  return {.median = rounds[kRounds / 2], .least = rounds.front(), .greatest = rounds.back()};
}

}  // namespace qmnist::selftest
