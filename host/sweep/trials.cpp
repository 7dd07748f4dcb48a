#include "host/sweep/trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace qmnist::sweep {
namespace {

/// Every combination of the listed values.
std::vector<Json> grid(const std::vector<Parameter>& parameters) {
  std::vector<Json> combinations{Json::object()};
  for (const Parameter& parameter : parameters) {
    std::vector<Json> longer;
    for (const Json& combination : combinations) {
      for (const Json& value : std::get<std::vector<Json>>(parameter.values)) {
        longer.push_back(combination);
        longer.back()[parameter.key] = value;
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

/// Rounded to six significant digits, which are enough and easy to copy.
double six_significant_digits(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

/// Draws values. A seed gives the same values on every machine, except for the last bit of
/// logarithmic ones.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : generator_(seed) {}

  Json operator()(const std::vector<Json>& values) {
    return values[static_cast<std::size_t>(uniform() * static_cast<double>(values.size()))];
  }

  Json operator()(const ParameterRange& range) {
    const double end = range.is_integer ? range.max + 1 : range.max;
    const double fraction = uniform();
    const double value = range.is_log ? range.min * std::pow(end / range.min, fraction)
                                      : range.min + fraction * (end - range.min);
    if (range.is_integer) {
      return static_cast<std::int64_t>(std::clamp(std::floor(value), range.min, range.max));
    }
    return std::clamp(six_significant_digits(value), range.min, range.max);
  }

 private:
  /// Uniform in (0, 1).
  double uniform() { return (static_cast<double>(generator_()) + 0.5) * 0x1p-32; }

  std::mt19937 generator_;
};

std::vector<Json> random_draws(const SweepConfig& sweep) {
  Draw draw(sweep.seed);
  std::vector<Json> combinations(sweep.trials, Json::object());
  for (Json& combination : combinations) {
    for (const Parameter& parameter : sweep.parameters) {
      combination[parameter.key] = std::visit(draw, parameter.values);
    }
  }
  return combinations;
}

}  // namespace

std::vector<Trial> make_trials(const SweepConfig& sweep) {
  const std::vector<Json> combinations =
      sweep.search == Search::kGrid ? grid(sweep.parameters) : random_draws(sweep);
  std::vector<Trial> trials;
  for (const Json& parameters : combinations) {
    Json changes = parameters;
    changes["output.dir"] = fmt::format("{:03}", trials.size());
    trials.push_back(
        {.parameters = parameters,
         .config = with_changes(sweep.base, changes, fmt::format("trial {:03}", trials.size()),
                                sweep.base.output.dir)});
  }
  return trials;
}

std::vector<Rung> make_rungs(const SweepConfig& sweep, std::size_t trials) {
  const std::size_t all_epochs = sweep.base.training.epochs;
  if (sweep.search != Search::kHalving) {
    return {{.trials = trials, .epochs = std::numeric_limits<std::size_t>::max()}};
  }
  std::vector<Rung> rungs;
  for (std::size_t epochs = sweep.halving.first_epochs; epochs < all_epochs;
       epochs *= sweep.halving.factor) {
    rungs.push_back({.trials = trials, .epochs = epochs});
    trials = std::max(trials / sweep.halving.factor, std::size_t{1});
  }
  rungs.push_back({.trials = trials, .epochs = all_epochs});
  return rungs;
}

}  // namespace qmnist::sweep
