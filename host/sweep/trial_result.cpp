#include "host/sweep/trial_result.h"

namespace qmnist::sweep {

double TrialResult::seconds() const {
  double seconds = 0;
  for (const EpochMetrics& epoch : history) {
    seconds += epoch.seconds;
  }
  return seconds;
}

std::optional<EpochMetrics::Validation> TrialResult::validation() const {
  if (history.empty()) {
    return std::nullopt;
  }
  return history[best_epoch.value_or(history.size()) - 1].validation;
}

Json to_json(const TrialResult& result) {
  Json json{{"history", Json::array()}, {"warning", result.warning}};
  for (const EpochMetrics& epoch : result.history) {
    json["history"].push_back(qmnist::to_json(epoch));
  }
  if (result.test) {
    json["test"] = {{"loss", result.test->loss}, {"accuracy", result.test->accuracy}};
  }
  if (result.failure) {
    json["failure"] = {{"status", static_cast<int>(result.failure->status)},
                       {"message", result.failure->message}};
  }
  if (result.best_epoch) {
    json["best_epoch"] = *result.best_epoch;
  }
  return json;
}

TrialResult trial_result_from(const Json& json) {
  TrialResult result{
      .history = {}, .test = {}, .failure = {}, .best_epoch = {}, .warning = json.at("warning")};
  for (const Json& epoch : json.at("history")) {
    result.history.push_back(epoch_metrics_from(epoch));
    result.history.back().seconds = epoch.at("seconds");
  }
  if (json.contains("test")) {
    result.test = {json["test"].at("loss"), json["test"].at("accuracy")};
  }
  if (json.contains("failure")) {
    const Json& failure = json["failure"];
    result.failure = {static_cast<ExitStatus>(failure.at("status").get<int>()),
                      failure.at("message")};
  }
  if (json.contains("best_epoch")) {
    result.best_epoch = json["best_epoch"].get<std::size_t>();
  }
  return result;
}

}  // namespace qmnist::sweep
