#include "host/cli/evaluate_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>

#include "host/cli/output.h"
#include "host/cli/read_data.h"
#include "host/data/sample_groups.h"
#include "host/data/split.h"
#include "host/engines/ensemble.h"
#include "host/format/class_tables.h"
#include "host/format/text.h"
#include "host/model/model.h"
#include "host/run_store/run_folder.h"
#include "host/run_store/summary.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// The images to evaluate on.
struct EvaluationSet {
  Dataset dataset;
  std::vector<std::uint32_t> indices;
  std::string description;
};

fs::path beside_model(const fs::path& run_or_file, std::string_view name) {
  return model_file(run_or_file).parent_path() / name;
}

Config config_of_run(const fs::path& run_or_file) {
  const fs::path config = beside_model(run_or_file, run_file::kConfig);
  if (!fs::exists(config)) {
    throw UsageError(
        "{}: has no config.json in its folder that tells its test set; choose images with --data",
        model_file(run_or_file).string());
  }
  return load_config(config, {});
}

bool are_equal(const Dataset& one, const Dataset& other) {
  return std::ranges::equal(one.files, other.files, {}, &DataFile::sha256, &DataFile::sha256);
}

/// Throws where a run has another test set than the first one of an ensemble.
void check_test_set(const fs::path& run, const Config& config, const Dataset& dataset,
                    const fs::path& first, const Config& first_config) {
  const Json values = config_json(config);
  const Json first_values = config_json(first_config);
  std::vector<std::string_view> keys{"data.split", "data.transpose", "data.first_label"};
  if (config.data.split == SplitRule::kNotebook) {
    keys.insert(keys.end(), {"data.test_fraction", "data.split_seed"});
  }
  for (const std::string_view key : keys) {
    const Json& value = value_of(values, key);
    const Json& expected = value_of(first_values, key);
    if (value != expected) {
      throw UsageError(
          "{}: its {} is {}, that of {} is {}; the runs of an ensemble must have the same test "
          "set, or choose images with --data",
          run.string(), key, value.dump(), first.string(), expected.dump());
    }
  }
  if (!are_equal(dataset, read_data(config.data))) {
    throw UsageError(
        "{}: its data files differ from those of {}; the runs of an ensemble must have the same "
        "test set, or choose images with --data",
        run.string(), first.string());
  }
}

/// The test set that all these runs have in common; none was trained on it.
EvaluationSet test_set_of_runs(const std::vector<fs::path>& runs) {
  const Config config = config_of_run(runs.front());
  EvaluationSet set{
      .dataset = read_data(config.data),
      .indices = {},
      .description = fmt::format("the {} test set (split: {})",
                                 runs.size() == 1 ? "run's" : "runs'", name_of(config.data.split))};
  for (const fs::path& run : std::span(runs).subspan(1)) {
    check_test_set(run, config_of_run(run), set.dataset, runs.front(), config);
  }
  set.indices = split_dataset(config.data, set.dataset).test;
  return set;
}

/// Throws where the data's labels are not the model's classes. Of data whose classes were counted
/// only the number is known, and that may be less, as a part need not have images of all classes.
void check_classes(const fs::path& run, const ClassNames& classes, const Dataset& dataset) {
  const bool fits = dataset.has_known_classes ? dataset.classes == classes
                                              : dataset.classes.size() <= classes.size();
  if (!fits) {
    throw DataError("{}: its classes are {}, but those of {} are {}; expected a model of the same",
                    run.string(), classes_text(classes), dataset.name,
                    classes_text(dataset.classes));
  }
}

/// How the runs read the files that they were trained on.
FileForm form_of_runs(const std::vector<fs::path>& runs) {
  std::optional<FileForm> form;
  for (const fs::path& run : runs) {
    if (!fs::exists(beside_model(run, run_file::kSummary))) {
      continue;  // not a run's folder, whose config.json would be another program's
    }
    const FileForm next = file_form(config_of_run(run).data);
    if (form.value_or(next) != next) {
      throw UsageError(
          "{}: its data.transpose or data.first_label differs from that of the runs before it; "
          "evaluate it alone",
          run.string());
    }
    form = next;
  }
  return form.value_or(FileForm{});
}

EvaluationSet all_images_in(const fs::path& data, const std::vector<fs::path>& runs) {
  EvaluationSet set{.dataset = read_data(data, form_of_runs(runs)),
                    .indices = {},
                    .description = "training images included"};
  set.indices.resize(set.dataset.count());
  std::iota(set.indices.begin(), set.indices.end(), 0U);
  return set;
}

/// Results on the images of a group.
struct GroupResult {
  std::string name;
  std::size_t images = 0;
  std::size_t correct = 0;

  [[nodiscard]] double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(images);
  }
};

std::vector<GroupResult> group_results(const Dataset& dataset, const Evaluation& evaluation) {
  std::vector<GroupResult> results;
  for (const SampleGroup& group : sample_groups(dataset)) {
    GroupResult result{.name = group.name};
    for (const Prediction& prediction : evaluation.predictions) {
      if (group.members[prediction.index]) {
        result.images += 1;
        result.correct += prediction.is_correct() ? 1 : 0;
      }
    }
    if (result.images > 0) {
      results.push_back(std::move(result));
    }
  }
  return results;
}

Json to_json(std::size_t models, const ClassNames& classes, const Evaluation& evaluation,
             const std::vector<GroupResult>& groups) {
  Json groups_json = Json::array();
  for (const GroupResult& group : groups) {
    groups_json.push_back(
        {{"name", group.name},
         {"images", group.images},
         {"accuracy", group.accuracy()},
         {"accuracy_deviation", accuracy_standard_error(group.accuracy(), group.images)}});
  }
  return {{"models", models},
          {"images", evaluation.predictions.size()},
          {"loss", evaluation.loss},
          {"accuracy", evaluation.accuracy},
          {"accuracy_deviation", evaluation.standard_error()},
          {"confusion", evaluation.confusion},
          {"per_class", per_class_json(evaluation, classes)},
          {"groups", groups_json}};
}

void print_models(const std::vector<fs::path>& paths, const std::vector<Model>& models) {
  for (std::size_t i = 0; i < models.size(); ++i) {
    print_out("{:<10}{}, {}\n", i == 0 ? "model" : "", model_file(paths[i]).string(),
              widths_text(models[i].network));
  }
  if (models.size() > 1) {
    print_out("          an ensemble of {} models (mean of class probabilities)\n", models.size());
  }
}

void print_report(const ClassNames& classes, const Evaluation& evaluation,
                  const std::vector<GroupResult>& groups) {
  print_out("\nConfusion matrix\n{}\n{}\n", confusion_table(evaluation, classes),
            per_class_table(evaluation, classes));
  if (!groups.empty()) {
    print_out("  {:<40}{:>8}  accuracy\n", "of these, from", "images");
    for (const GroupResult& group : groups) {
      print_out("  {:<40}{:>8}  {}\n", group.name, grouped(group.images),
                accuracy_text(group.accuracy(), group.images));
    }
    print_out("\n");
  }
  print_out("Accuracy {}, loss {:.4f}\n", accuracy_text(evaluation), evaluation.loss);
}

}  // namespace

ExitStatus evaluate_command(const EvaluateOptions& options) {
  const std::vector<Model> models = read_models(options.models);
  const EvaluationSet set = options.data.empty() ? test_set_of_runs(options.models)
                                                 : all_images_in(options.data, options.models);
  const ClassNames& classes = models.front().classes;
  check_classes(options.models.front(), classes, set.dataset);
  const std::vector<std::size_t>& indices = options.device.indices;
  Ensemble ensemble(models, options.device.name, indices.empty() ? 0 : indices.front());
  if (!options.json) {
    print_models(options.models, models);
    print_out("data      {}: {} of {} images, {}\n", set.dataset.name, grouped(set.indices.size()),
              grouped(set.dataset.count()), set.description);
    print_out("device    {}\n", ensemble.device());
    if (!ensemble.reason().empty()) {
      print_out("          ({})\n", ensemble.reason());
    }
  }
  const DataView data = set.dataset.view();
  const Evaluation evaluation = to_evaluation(ensemble.score(data, set.indices), data, set.indices);
  const std::vector<GroupResult> groups = group_results(set.dataset, evaluation);
  if (options.json) {
    print_out("{}\n", to_json(ensemble.size(), classes, evaluation, groups).dump(2));
  } else {
    print_report(classes, evaluation, groups);
  }
  return ExitStatus::kDone;
}

}  // namespace qmnist
