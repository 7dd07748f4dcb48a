#include "host/sweep/results.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <tuple>

#include "host/charts/dot_chart.h"
#include "host/error.h"

namespace qmnist::sweep {
namespace {

/// Trials are ranked by validation accuracy; those of a repetition, which selects nothing, by test
/// accuracy.
double accuracy_of(const Sweep& sweep, const TrialResult& result) {
  return sweep.config().is_repetition() ? result.test->accuracy : result.validation()->accuracy;
}

double loss_of(const Sweep& sweep, const TrialResult& result) {
  return sweep.config().is_repetition() ? result.test->loss : result.validation()->loss;
}

std::size_t ranking_images(const Sweep& sweep) {
  return sweep.config().is_repetition() ? sweep.split().test.size()
                                        : sweep.split().validation.size();
}

std::string_view ranking_name(const Sweep& sweep) {
  return sweep.config().is_repetition() ? "test" : "validation";
}

bool joins_seeds(const Sweep& sweep) {
  return sweep.config().search != Search::kHalving;  // halving may stop only some of the seeds
}

template <typename Value>
std::vector<double> values_of(const Sweep& sweep, const Configuration& configuration,
                              const Value& value) {
  std::vector<double> values;
  for (const std::size_t trial : configuration.trials) {
    values.push_back(value(sweep, sweep.results()[trial]));
  }
  return values;
}

double mean(const std::vector<double>& values) {
  return mean_stddev(values).mean;
}

std::string accuracy_cell(const Sweep& sweep, const Configuration& configuration) {
  const MeanStddev summary = mean_stddev(values_of(sweep, configuration, accuracy_of));
  return configuration.trials.size() == 1 ? accuracy_text(summary.mean, ranking_images(sweep))
                                          : mean_stddev_text(summary);
}

std::string trial_numbers(const Configuration& configuration) {
  return fmt::format("{:03}", fmt::join(configuration.trials, " "));
}

}  // namespace

MeanStddev mean_stddev(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return {.mean = mean, .stddev = count > 1 ? std::sqrt(squares / (count - 1)) : 0};
}

std::string mean_stddev_text(const MeanStddev& accuracies) {
  return fmt::format("{:.2f} ± {:.2f} %", 100 * accuracies.mean, 100 * accuracies.stddev);
}

std::vector<Configuration> rank_configurations(const Sweep& sweep) {
  std::vector<Configuration> configurations;
  for (std::size_t trial = 0; trial < sweep.trials().size(); ++trial) {
    if (sweep.results()[trial].failure) {
      continue;
    }
    Json parameters = sweep.trials()[trial].parameters;
    if (joins_seeds(sweep)) {
      parameters.erase(kSeedKey);
    }
    auto place = std::ranges::find(configurations, parameters, &Configuration::parameters);
    if (place == configurations.end() || !joins_seeds(sweep)) {
      place = configurations.insert(configurations.end(), {.parameters = parameters, .trials = {}});
    }
    place->trials.push_back(trial);
  }
  std::ranges::stable_sort(configurations, {}, [&](const Configuration& configuration) {
    const bool is_halving = sweep.config().search == Search::kHalving;
    const std::size_t epochs =
        is_halving ? sweep.results()[configuration.trials.front()].epochs() : 0;
    return std::tuple(-static_cast<double>(epochs),
                      -mean(values_of(sweep, configuration, accuracy_of)),
                      mean(values_of(sweep, configuration, loss_of)));
  });
  return configurations;
}

void throw_failed_trials(const Sweep& sweep) {
  const auto results = sweep.results();
  const auto has_failed = [](const TrialResult& result) { return result.failure.has_value(); };
  const auto first = std::ranges::find_if(results, has_failed);
  if (first != results.end()) {
    throw Error(first->failure->status,
                fmt::format("{} of {} trials failed; the first of them, {:03}: {}",
                            std::ranges::count_if(results, has_failed), results.size(),
                            first - results.begin(), first->failure->message));
  }
}

Table configurations_table(const Sweep& sweep, std::span<const Configuration> configurations) {
  const bool is_halving = sweep.config().search == Search::kHalving;
  const bool has_seeds = std::ranges::any_of(
      configurations,
      [](const Configuration& configuration) { return configuration.trials.size() > 1; });
  Table table{
      .caption = has_seeds
                     ? "Configurations, best first; ± is the standard deviation over their trials"
                     : "Trials, best first; ± is the binomial standard error",
      .columns = {has_seeds ? "trials" : "trial"},
      .rows = {}};
  for (const auto& [key, value] : configurations.front().parameters.items()) {
    table.columns.push_back(key);
  }
  if (is_halving) {
    table.columns.emplace_back("epochs");
  }
  table.columns.insert(table.columns.end(),
                       {fmt::format("{} accuracy", ranking_name(sweep)), "loss", "seconds"});
  for (const Configuration& configuration : configurations) {
    std::vector<std::string>& row = table.rows.emplace_back(1, trial_numbers(configuration));
    for (const Json& value : configuration.parameters) {
      row.push_back(value.dump());
    }
    if (is_halving) {
      row.push_back(std::to_string(sweep.results()[configuration.trials.front()].epochs()));
    }
    row.push_back(accuracy_cell(sweep, configuration));
    row.push_back(fmt::format("{:.4f}", mean(values_of(sweep, configuration, loss_of))));
    row.push_back(fmt::format(
        "{:.1f}", mean(values_of(sweep, configuration, [](const Sweep&, const TrialResult& result) {
          return result.seconds();
        }))));
  }
  return table;
}

std::string configurations_chart(const Sweep& sweep,
                                 std::span<const Configuration> configurations) {
  constexpr std::size_t kMaxRows = 60;  // an image of 1,500 units' height
  const std::string unit = fmt::format("{} accuracy, %", ranking_name(sweep));
  std::vector<DotRow> rows;
  for (const Configuration& configuration : configurations) {
    const std::string label = parameters_text(configuration.parameters);
    DotRow& row = rows.emplace_back(DotRow{label.empty() ? "all seeds" : label, {}});
    for (const double accuracy : values_of(sweep, configuration, accuracy_of)) {
      row.values.push_back(100 * accuracy);
    }
  }
  const std::size_t shown = std::min(rows.size(), kMaxRows);
  const std::string title =
      shown < rows.size() ? fmt::format("The best {} of {}", shown, rows.size()) : "Best first";
  return dot_chart_svg(title, unit, std::span(rows).first(shown));
}

std::string parameters_text(const Json& parameters) {
  std::string text;
  for (const auto& [key, value] : parameters.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value.dump());
  }
  return text;
}

}  // namespace qmnist::sweep
