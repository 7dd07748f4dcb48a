#include "host/cli/evaluate_command.h"

#include <fmt/format.h>

#include <numeric>

#include "host/data/digit_groups.h"
#include "host/data/split.h"
#include "host/engines/make_engine.h"
#include "host/model/model.h"
#include "host/report/run_folder.h"
#include "host/report/summary.h"
#include "host/report/text.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// The digits to evaluate.
struct Digits {
  Dataset dataset;
  std::vector<std::uint32_t> indices;
  std::string what;
};

Digits test_part_of_run(const fs::path& model) {
  const fs::path config_file = model.parent_path() / run_file::kConfig;
  if (!fs::exists(config_file)) {
    throw UsageError(
        "{}: there is no config.json beside it that would name its test digits; name some with "
        "--data",
        model.string());
  }
  const Config config = load_config(config_file, {});
  Digits digits{.dataset = load_dataset(config.data.dir, config.data.source),
                .indices = {},
                .what = "the run's test part"};
  digits.indices = split_dataset(digits.dataset.count(), config.data.test_fraction,
                                 config.data.split_seed, config.data.validation_fraction)
                       .test;
  return digits;
}

Digits all_digits_in(const fs::path& data) {
  Digits digits{.dataset = fs::is_directory(data) ? load_dataset(data, DataSource::kAuto)
                                                  : load_data_file(data),
                .indices = {},
                .what = "those that it was trained on included"};
  digits.indices.resize(digits.dataset.count());
  std::iota(digits.indices.begin(), digits.indices.end(), 0U);
  return digits;
}

/// What a model does on a group's digits among those evaluated.
struct GroupResult {
  std::string name;
  std::size_t digits = 0;
  std::size_t correct = 0;

  [[nodiscard]] double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(digits);
  }
};

std::vector<GroupResult> group_results(const Dataset& dataset, const Evaluation& evaluation) {
  std::vector<GroupResult> results;
  for (const DigitGroup& group : digit_groups(dataset)) {
    GroupResult result{.name = group.name};
    for (const Prediction& prediction : evaluation.predictions) {
      if (group.members[prediction.index]) {
        result.digits += 1;
        result.correct += prediction.is_right() ? 1 : 0;
      }
    }
    if (result.digits > 0) {
      results.push_back(std::move(result));
    }
  }
  return results;
}

Json to_json(const Evaluation& evaluation, const std::vector<GroupResult>& groups) {
  Json groups_json = Json::array();
  for (const GroupResult& group : groups) {
    groups_json.push_back(
        {{"name", group.name},
         {"digits", group.digits},
         {"accuracy", group.accuracy()},
         {"accuracy_deviation", accuracy_deviation(group.accuracy(), group.digits)}});
  }
  return {{"digits", evaluation.predictions.size()},
          {"loss", evaluation.loss},
          {"accuracy", evaluation.accuracy},
          {"accuracy_deviation", evaluation.accuracy_deviation()},
          {"confusion", evaluation.confusion},
          {"per_class", per_class_json(evaluation)},
          {"groups", groups_json}};
}

void print_report(const Evaluation& evaluation, const std::vector<GroupResult>& groups) {
  fmt::print("\nConfusion matrix\n{}\n{}\n", confusion_table(evaluation),
             per_class_table(evaluation));
  if (!groups.empty()) {
    fmt::print("  {:<40}{:>8}  accuracy\n", "of these, from", "digits");
    for (const GroupResult& group : groups) {
      fmt::print("  {:<40}{:>8}  {}\n", group.name, grouped(group.digits),
                 accuracy_text(group.accuracy(), group.digits));
    }
    fmt::print("\n");
  }
  fmt::print("Accuracy {}, loss {:.4f}\n", accuracy_text(evaluation), evaluation.loss);
}

}  // namespace

ExitStatus evaluate_command(const EvaluateOptions& options) {
  const fs::path file = model_file(options.model);
  const Model model = read_model(file);
  const Digits digits = options.data.empty() ? test_part_of_run(file) : all_digits_in(options.data);
  constexpr std::size_t kBatch = 512;
  const ChosenEngine chosen = make_engine(
      options.device, {.network = model.network, .adam = {}, .batch_size = kBatch, .threads = 0});
  if (!options.json) {
    fmt::print("model     {}, {}\n", file.string(), widths_text(model.network));
    fmt::print("data      {}: {} of {} digits, {}\n", digits.dataset.name,
               grouped(digits.indices.size()), grouped(digits.dataset.count()), digits.what);
    fmt::print("device    {}\n", chosen.engine->device());
  }
  chosen.engine->set_state(trained_state(model));
  const Evaluation evaluation = evaluate(*chosen.engine, digits.dataset.view(), digits.indices);
  const std::vector<GroupResult> groups = group_results(digits.dataset, evaluation);
  if (options.json) {
    fmt::print("{}\n", to_json(evaluation, groups).dump(2));
  } else {
    print_report(evaluation, groups);
  }
  return ExitStatus::kDone;
}

}  // namespace qmnist
