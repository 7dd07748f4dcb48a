#include "host/sweep/results.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <tuple>

#include "host/charts/dot_chart.h"

namespace qmnist {
namespace {

/// What trials are ranked by: validation, or the test where nothing is chosen.
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
  return sweep.config().search != Search::kHalving;  // which may stop some of them
}

template <typename Value>
std::vector<double> values_of(const Sweep& sweep, const Setting& setting, const Value& value) {
  std::vector<double> values;
  for (const std::size_t trial : setting.trials) {
    values.push_back(value(sweep, sweep.results()[trial]));
  }
  return values;
}

double mean(const std::vector<double>& values) {
  return spread_of(values).mean;
}

std::string spread_text(const MeanStddev& spread) {
  return fmt::format("{:.2f} ± {:.2f} %", 100 * spread.mean, 100 * spread.deviation);
}

std::string accuracy_cell(const Sweep& sweep, const Setting& setting) {
  const MeanStddev spread = spread_of(values_of(sweep, setting, accuracy_of));
  return setting.trials.size() == 1 ? accuracy_text(spread.mean, ranking_images(sweep))
                                    : spread_text(spread);
}

std::string numbers_text(const Setting& setting) {
  return fmt::format("{:03}", fmt::join(setting.trials, " "));
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

std::vector<std::string> csv_row(const Sweep& sweep, std::size_t trial) {
  const TrialResult& result = sweep.results()[trial];
  std::vector<std::string> row{fmt::format("{:03}", trial)};
  for (const Json& value : sweep.trials()[trial].parameters) {
    row.push_back(value.dump());
  }
  row.push_back(std::to_string(result.epochs()));
  if (const auto score = result.validation()) {
    row.insert(row.end(), {fmt::format("{}", score->accuracy), fmt::format("{}", score->loss)});
  } else {
    row.insert(row.end(), 2, "");
  }
  if (sweep.config().is_repetition()) {
    row.push_back(result.test ? fmt::format("{}", result.test->accuracy) : "");
    row.push_back(result.test ? fmt::format("{}", result.test->loss) : "");
  }
  row.insert(row.end(), {fmt::format("{:.3f}", result.seconds()), result.failure, result.warning});
  std::ranges::transform(row, row.begin(), csv_cell);
  return row;
}

}  // namespace

MeanStddev spread_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return {.mean = mean, .deviation = count > 1 ? std::sqrt(squares / (count - 1)) : 0};
}

std::vector<Setting> ranked_settings(const Sweep& sweep) {
  std::vector<Setting> settings;
  for (std::size_t trial = 0; trial < sweep.trials().size(); ++trial) {
    if (!sweep.results()[trial].failure.empty()) {
      continue;
    }
    Json parameters = sweep.trials()[trial].parameters;
    if (joins_seeds(sweep)) {
      parameters.erase(kSeedKey);
    }
    auto place = std::ranges::find(settings, parameters, &Setting::parameters);
    if (place == settings.end() || !joins_seeds(sweep)) {
      place = settings.insert(settings.end(), {.parameters = parameters, .trials = {}});
    }
    place->trials.push_back(trial);
  }
  std::ranges::stable_sort(settings, {}, [&](const Setting& setting) {
    const bool is_halving = sweep.config().search == Search::kHalving;
    const std::size_t epochs = is_halving ? sweep.results()[setting.trials.front()].epochs() : 0;
    return std::tuple(-static_cast<double>(epochs), -mean(values_of(sweep, setting, accuracy_of)),
                      mean(values_of(sweep, setting, loss_of)));
  });
  return settings;
}

Table settings_table(const Sweep& sweep, std::span<const Setting> settings) {
  const bool is_halving = sweep.config().search == Search::kHalving;
  const bool has_seeds = std::ranges::any_of(
      settings, [](const Setting& setting) { return setting.trials.size() > 1; });
  Table table{
      .caption = has_seeds
                     ? "Settings, the best first; ± is the standard deviation over their trials"
                     : "Trials, the best first; ± is the deviation of so many digits",
      .columns = {has_seeds ? "trials" : "trial"},
      .rows = {}};
  for (const auto& [key, value] : settings.front().parameters.items()) {
    table.columns.push_back(key);
  }
  if (is_halving) {
    table.columns.emplace_back("epochs");
  }
  table.columns.insert(table.columns.end(),
                       {fmt::format("{} accuracy", ranking_name(sweep)), "loss", "seconds"});
  for (const Setting& setting : settings) {
    std::vector<std::string>& row = table.rows.emplace_back(1, numbers_text(setting));
    for (const Json& value : setting.parameters) {
      row.push_back(value.dump());
    }
    if (is_halving) {
      row.push_back(std::to_string(sweep.results()[setting.trials.front()].epochs()));
    }
    row.push_back(accuracy_cell(sweep, setting));
    row.push_back(fmt::format("{:.4f}", mean(values_of(sweep, setting, loss_of))));
    row.push_back(fmt::format(
        "{:.1f}", mean(values_of(sweep, setting, [](const Sweep&, const TrialResult& result) {
          return result.seconds();
        }))));
  }
  return table;
}

std::string repetition_text(const Sweep& sweep) {
  std::vector<double> tests;
  std::vector<double> validations;
  for (const TrialResult& result : sweep.results()) {
    if (result.failure.empty()) {
      tests.push_back(result.test->accuracy);
      if (result.validation()) {
        validations.push_back(result.validation()->accuracy);
      }
    }
  }
  const std::string validation =
      validations.empty()
          ? ""
          : fmt::format(", validation accuracy {}", spread_text(spread_of(validations)));
  return fmt::format("Mean and standard deviation over {} seeds: test accuracy {}{}", tests.size(),
                     spread_text(spread_of(tests)), validation);
}

std::string results_csv(const Sweep& sweep) {
  std::vector<std::string> columns{"trial"};
  for (const Parameter& parameter : sweep.config().parameters) {
    columns.push_back(parameter.key);
  }
  columns.insert(columns.end(), {"epochs", "validation_accuracy", "validation_loss"});
  if (sweep.config().is_repetition()) {
    columns.insert(columns.end(), {"test_accuracy", "test_loss"});
  }
  columns.insert(columns.end(), {"seconds", "failure", "warning"});
  std::string csv = fmt::format("{}\n", fmt::join(columns, ","));
  for (std::size_t trial = 0; trial < sweep.trials().size(); ++trial) {
    fmt::format_to(std::back_inserter(csv), "{}\n", fmt::join(csv_row(sweep, trial), ","));
  }
  return csv;
}

std::string settings_chart(const Sweep& sweep, std::span<const Setting> settings) {
  constexpr std::size_t kMaxRows = 60;  // a picture of 1,500 units' height
  const std::string unit = fmt::format("{} accuracy, %", ranking_name(sweep));
  std::vector<DotRow> rows;
  for (const Setting& setting : settings) {
    const std::string label = parameters_text(setting.parameters);
    DotRow& row = rows.emplace_back(DotRow{label.empty() ? "all seeds" : label, {}});
    for (const double accuracy : values_of(sweep, setting, accuracy_of)) {
      row.values.push_back(100 * accuracy);
    }
  }
  const std::size_t shown = std::min(rows.size(), kMaxRows);
  const std::string title =
      shown < rows.size() ? fmt::format("The best {} of {}", shown, rows.size()) : "The best first";
  return dot_chart_svg(title, unit, std::span(rows).first(shown));
}

std::string parameters_text(const Json& parameters) {
  std::string text;
  for (const auto& [key, value] : parameters.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value.dump());
  }
  return text;
}

}  // namespace qmnist
