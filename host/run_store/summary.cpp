#include "host/run_store/summary.h"

#include <algorithm>
#include <utility>

#include "host/format/training_text.h"

namespace qmnist {
namespace {

Json dataset_json(const RunResult& result) {
  const Dataset& dataset = result.dataset;
  const Split& split = result.split;
  Json checksums = Json::object();
  for (const DataFile& file : dataset.files) {
    checksums[file.path.filename().string()] = file.sha256;
  }
  return {{"name", dataset.name},
          {"classes", dataset.classes},
          {"split", name_of(result.config.data.split)},
          {"train_size", split.train.size()},
          {"validation_size", split.validation.size()},
          {"test_size", split.test.size()},
          {"sha256", checksums}};
}

}  // namespace

Json per_class_json(const Evaluation& evaluation, std::span<const std::string> names) {
  Json classes = Json::array();
  for (std::size_t label = 0; label < evaluation.classes(); ++label) {
    const ClassReport& report = evaluation.per_class[label];
    classes.push_back({{"class", names[label]},
                       {"precision", report.precision},
                       {"recall", report.recall},
                       {"f1", report.f1},
                       {"support", report.support}});
  }
  return classes;
}

double RunResult::seconds_train() const {
  double seconds = 0;
  for (const EpochMetrics& epoch : checkpoint.history) {
    seconds += epoch.seconds;
  }
  return seconds;
}

double RunResult::samples_per_second() const {
  // A resumed run does not know the times of earlier epochs where its times.json was lost.
  const auto timed = std::ranges::count_if(
      checkpoint.history, [](const EpochMetrics& epoch) { return epoch.seconds > 0; });
  const auto samples = split.train.size() * static_cast<std::size_t>(timed);
  return timed > 0 ? static_cast<double>(samples) / seconds_train() : 0;
}

Json summary_json(const RunResult& result) {
  Json summary{{"test_loss", result.test.loss},
               {"test_accuracy", result.test.accuracy},
               {"test_accuracy_deviation", result.test.standard_error()},
               {"confusion", result.test.confusion},
               {"per_class", per_class_json(result.test, result.dataset.classes)},
               {"dataset", dataset_json(result)},
               {"device", result.device},
               {"seed", result.config.training.seed},
               {"epochs", result.checkpoint.finished_epochs()},
               {"seconds_load", result.seconds_load},
               {"seconds_train", result.seconds_train()},
               {"seconds_wall", result.checkpoint.seconds_wall},
               {"seconds_test", result.seconds_test},
               {"samples_per_second", result.samples_per_second()},
               {"parameters", result.network.parameter_count()}};
  if (result.config.teacher.any()) {
    summary["teacher_sha256"] = result.config.teacher.checksums;
  }
  if (result.checkpoint.best) {
    summary["best_epoch"] = result.checkpoint.best->epoch;
  }
  if (std::string warning =
          test_warning(result.test, result.dataset.classes, result.config.optimizer.learning_rate);
      !warning.empty()) {
    summary["warning"] = std::move(warning);
  }
  return summary;
}

}  // namespace qmnist
