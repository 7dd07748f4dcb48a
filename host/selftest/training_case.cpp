#include "host/selftest/training_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <span>

namespace qmnist::selftest {
namespace {

Network network(const std::vector<std::size_t>& hidden, Activation activation = Activation::kRelu) {
  return {kPixels, hidden, kDigitCount, activation};
}

bool has_same_bits(float one, float other) {
  return std::bit_cast<std::uint32_t>(one) == std::bit_cast<std::uint32_t>(other);
}

/// The first index at which the bits differ; that of the end where one is shorter.
std::optional<std::size_t> first_difference(std::span<const float> actual,
                                            std::span<const float> expected) {
  const auto [at, other] = std::ranges::mismatch(actual, expected, has_same_bits);
  if (at == actual.end() && other == expected.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(at - actual.begin());
}

/// A place in an arena: "0.weight [12, 300]" is the weight of output 12 and input 300.
std::string place_in_arena(const Network& network, std::size_t index) {
  for (const Tensor& tensor : network.tensors()) {
    if (index < tensor.offset || index >= tensor.offset + tensor.size) {
      continue;
    }
    const std::size_t element = index - tensor.offset;
    const std::size_t columns = tensor.shape.back();
    return tensor.shape.size() == 1
               ? fmt::format("{} [{}]", tensor.name, element)
               : fmt::format("{} [{}, {}]", tensor.name, element / columns, element % columns);
  }
  return fmt::format("the gap at {}", index);
}

/// @param place describes an index
template <typename Place>
std::string difference_of(std::span<const float> actual, std::span<const float> expected,
                          const Place& place) {
  const std::optional<std::size_t> index = first_difference(actual, expected);
  if (!index) {
    return "";
  }
  if (actual.size() != expected.size()) {
    return fmt::format("{} values instead of {}", actual.size(), expected.size());
  }
  return fmt::format("{} is {:.9g}, expected {:.9g}", place(*index), actual[*index],
                     expected[*index]);
}

/// What the arenas of TrainingState::arenas() are.
std::string arena_name(std::size_t arena, std::size_t count) {
  if (arena == 0) {
    return "";
  }
  return arena + 1 == count ? "EMA of " : fmt::format("moment {} of ", arena);
}

std::string state_difference(const Network& network, const TrainingState& actual,
                             const TrainingState& expected) {
  const auto arenas = actual.arenas();
  const auto expected_arenas = expected.arenas();
  if (arenas.size() != expected_arenas.size() || actual.step != expected.step) {
    return fmt::format("{} arenas after step {}, expected {} after step {}", arenas.size(),
                       actual.step, expected_arenas.size(), expected.step);
  }
  for (std::size_t i = 0; i < arenas.size(); ++i) {
    std::string found = difference_of(arenas[i], expected_arenas[i], [&](std::size_t index) {
      return arena_name(i, arenas.size()) + place_in_arena(network, index);
    });
    if (!found.empty()) {
      return found;
    }
  }
  return "";
}

}  // namespace

std::vector<std::uint32_t> TrainingCase::order(std::size_t count) const {
  std::vector<std::uint32_t> order(steps * settings.batch_size - settings.batch_size / 2);
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::uint32_t>(i % count);
  }
  return order;
}

std::string TrainingCase::description() const {
  std::string text = fmt::format("{} steps of {}", steps, settings.network.inputs());
  for (const DenseLayer& layer : settings.network.layers()) {
    text += fmt::format("-{}", layer.outputs);
  }
  return fmt::format("{} ({})", text, name);
}

TrainingCase baseline_case(std::size_t steps) {
  return {.name = "baseline",
          .settings = {.network = network({128, 64}), .optimizer = {}, .batch_size = 32},
          .steps = steps};
}

TrainingCase wide_case(std::size_t steps) {
  return {.name = "wide",
          .settings = {.network = network({1024, 1024}), .optimizer = {}, .batch_size = 32},
          .steps = steps};
}

TrainingCase everything_case(std::size_t steps) {
  return {.name = "everything",
          .settings =
              {.network = network({100, 50}, Activation::kGelu),
               .optimizer = {.name = OptimizerName::kAdamW, .weight_decay = 0.01, .clip_norm = 0.5},
               .batch_size = 31,
               .augmentation = {.rotation = 10,
                                .scale = 0.1,
                                .shear = 0.1,
                                .shift = 2,
                                .elastic = 1.5,
                                .elastic_sigma = 5},
               .regularization = {.dropout = 0.2, .ema_decay = 0.99, .label_smoothing = 0.1},
               .schedule = {.settings = {.name = ScheduleName::kOneCycle},
                            .epochs = 1,
                            .steps_per_epoch = steps}},
          .steps = steps};
}

std::vector<std::uint32_t> predicted_images(std::size_t count) {
  constexpr std::size_t kPredicted = 250;
  std::vector<std::uint32_t> indices(std::min(kPredicted, count));
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

Outcome train(Engine& engine, const TrainingCase& training, const StrokeImages& images) {
  const DataView data = images.view();
  engine.set_state(initial_state(training.settings.network, 0));
  Outcome outcome{.state = {}, .metrics = {}, .probabilities = {}};
  engine.train(data, training.order(data.count()), outcome.metrics,
               [](const RunningMetrics&) { return true; });
  outcome.state = engine.state();
  outcome.probabilities = engine.predict(data, predicted_images(data.count()));
  return outcome;
}

std::string difference(const Network& network, const Outcome& actual, const Outcome& expected) {
  std::string found = state_difference(network, actual.state, expected.state);
  if (found.empty() && actual.metrics != expected.metrics) {
    found =
        fmt::format("the metrics are loss {:.17g}, {} of {} correct, expected {:.17g}, {} of {}",
                    actual.metrics.loss_sum, actual.metrics.correct, actual.metrics.samples,
                    expected.metrics.loss_sum, expected.metrics.correct, expected.metrics.samples);
  }
  if (found.empty()) {
    const std::size_t classes = network.classes();
    found = difference_of(actual.probabilities, expected.probabilities, [&](std::size_t index) {
      return fmt::format("image {}'s probability of {}", index / classes, index % classes);
    });
  }
  return found;
}

}  // namespace qmnist::selftest
