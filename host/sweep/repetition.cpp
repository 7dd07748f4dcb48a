#include "host/sweep/repetition.h"

#include <fmt/format.h>

#include <filesystem>

#include "host/engines/ensemble.h"
#include "host/format/text.h"
#include "host/model/model.h"

namespace qmnist::sweep {
namespace {

/// The ensemble of the models in these run folders on the sweep's test set.
Evaluation evaluate_ensemble(const Sweep& sweep, const Dataset& dataset,
                             const std::vector<std::filesystem::path>& runs) {
  Ensemble ensemble(read_models(runs), sweep.config().base.device, sweep.device_indices().front());
  const std::vector<std::uint32_t>& test = sweep.split().test;
  return to_evaluation(ensemble.score(dataset.view(), test), dataset.view(), test);
}

}  // namespace

Repetition summarize_repetition(const Sweep& sweep, const Dataset& dataset) {
  std::vector<std::filesystem::path> runs;
  std::vector<double> tests;
  std::vector<double> validations;
  for (std::size_t i = 0; i < sweep.trials().size(); ++i) {
    const TrialResult& result = sweep.results()[i];
    if (result.failure) {
      continue;
    }
    runs.push_back(sweep.trials()[i].config.output.dir);
    tests.push_back(result.test->accuracy);
    if (const auto validation = result.validation()) {
      validations.push_back(validation->accuracy);
    }
  }
  Repetition repetition{.trials = runs.size(),
                        .test_accuracy = mean_stddev(tests),
                        .validation_accuracy = {},
                        .ensemble = {}};
  if (!validations.empty()) {
    repetition.validation_accuracy = mean_stddev(validations);
  }
  if (runs.size() > 1 && runs.size() <= kMaxGroup) {  // more take much memory
    repetition.ensemble = evaluate_ensemble(sweep, dataset, runs);
  }
  return repetition;
}

std::vector<std::string> repetition_text(const Repetition& repetition) {
  std::vector<std::string> lines{
      fmt::format("Mean and standard deviation over {} seeds: test accuracy {}", repetition.trials,
                  mean_stddev_text(repetition.test_accuracy))};
  if (repetition.validation_accuracy) {
    lines.front() += ", validation accuracy " + mean_stddev_text(*repetition.validation_accuracy);
  }
  if (repetition.ensemble) {
    lines.push_back(fmt::format("Ensemble of the {} models: test accuracy {}, loss {:.4f}",
                                repetition.trials, accuracy_text(*repetition.ensemble),
                                repetition.ensemble->loss));
  }
  return lines;
}

Json repetition_json(const Repetition& repetition) {
  Json json{
      {"trials", repetition.trials},
      {"test_accuracy",
       {{"mean", repetition.test_accuracy.mean}, {"deviation", repetition.test_accuracy.stddev}}}};
  if (repetition.ensemble) {
    json["ensemble"] = {{"test_accuracy", repetition.ensemble->accuracy},
                        {"test_loss", repetition.ensemble->loss}};
  }
  return json;
}

}  // namespace qmnist::sweep
