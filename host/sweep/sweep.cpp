#include "host/sweep/sweep.h"

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

#include "host/error.h"
#include "host/failure.h"
#include "host/run/engine_settings.h"
#include "host/run/run_memory.h"
#include "host/run/run_teacher.h"
#include "host/run_store/checkpoint.h"
#include "host/system/available_cpus.h"
#include "host/system/available_memory.h"
#include "host/trainer/trainer.h"

namespace qmnist::sweep {

namespace fs = std::filesystem;

namespace {

/// The groups that rank 0 has.
std::vector<std::vector<std::size_t>> groups_of_rank_0(
    World& world, const std::vector<std::vector<std::size_t>>& groups) {
  return Json::parse(broadcast(world, Json(groups).dump()));
}

}  // namespace

Sweep::Sweep(const SweepConfig& config, const Dataset& dataset, SweepResources resources)
    : config_(config),
      dataset_(dataset),
      split_(split_dataset(config.base.data, dataset)),
      trials_(make_trials(config)),
      resources_(std::move(resources)),
      rungs_(make_rungs(config, trials_.size())) {
  if (shard().count == 1 && leads()) {
    folder_.emplace(config.base.output.dir);
  }
  if (shard().count > 1 && config.search == Search::kHalving) {
    throw UsageError(
        "search is \"halving\", which compares all trials on the way; a shard needs \"grid\" or "
        "\"random\"");
  }
  if (resources_.jobs == 0) {
    resources_.jobs = default_jobs();
  }
  resources_.jobs = std::min(resources_.jobs, std::max<std::size_t>(1, own_trials().size()));
  for (Trial& trial : trials_) {
    trial.config.teacher.checksums = teacher_checksums(trial.config);
    results_.push_back(leads() ? earlier_result(trial) : TrialResult());
  }
}

std::size_t Sweep::cpus() const {
  return resources_.cpus > 0 ? resources_.cpus : available_cpus();
}

std::size_t Sweep::default_jobs() const {
  const EngineKind& kind = engine_kind(config_.base.device);
  if (!kind.is_numbered) {
    return cpus();
  }
  const EngineSettings settings = engine_settings_of(0, device_indices().front());
  const std::size_t of_host =
      available_memory().bytes /
      bytes_of_run(trials_.front().config, settings.network, config_.base.device);
  return std::clamp(of_host, std::size_t{1},
                    device_indices().size() * kind.networks_at_once(settings));
}

std::size_t Sweep::threads() const {
  const std::size_t wanted = config_.base.training.threads;
  return wanted > 0 ? wanted : std::max(cpus() / std::max(jobs(), std::size_t{1}), std::size_t{1});
}

std::size_t Sweep::epochs_left() const {
  std::size_t planned = 0;
  if (config_.search == Search::kHalving) {
    std::size_t before = 0;
    for (const Rung& rung : rungs_) {
      planned += rung.trials * (rung.epochs - std::exchange(before, rung.epochs));
    }
  } else {
    for (const std::size_t trial : own_trials()) {
      planned += trials_[trial].config.training.epochs;
    }
  }
  std::size_t done = 0;
  for (const std::size_t trial : own_trials()) {
    done += results_[trial].epochs();
  }
  return planned - std::min(planned, done);
}

/// The result of a trial so far, read from the run folder that an earlier process left.
TrialResult Sweep::earlier_result(const Trial& trial) const {
  const fs::path folder = trial.config.output.dir;
  if (!fs::exists(folder / run_file::kCheckpoint)) {
    return {};
  }
  const Network network = network_of(trial.config, dataset_.classes.size());
  try {
    const Checkpoint checkpoint =
        read_checkpoint(folder / run_file::kCheckpoint, network, trial.config, dataset_);
    TrialResult result{.history = checkpoint.history,
                       .test = {},
                       .failure = {},
                       .best_epoch = checkpoint.best_epoch()};
    if (result.epochs() > trial.config.training.epochs) {
      throw UsageError("{}: this trial has finished {} epochs, but training.epochs is {}",
                       folder.string(), result.epochs(), trial.config.training.epochs);
    }
    if (fs::exists(folder / run_file::kSummary) &&
        end_of(trial.config.training, checkpoint).has_value()) {
      const Json summary = read_document(folder / run_file::kSummary);
      if (summary.at("epochs") == result.epochs()) {  // else from before training went on
        result.test = {summary.at("test_loss"), summary.at("test_accuracy")};
        result.warning = summary.value("warning", "");
      }
    }
    return result;
  } catch (const UsageError& error) {
    throw UsageError("{}; to start another sweep, set another output.dir", error.what());
  } catch (const Json::exception& error) {
    throw DataError("{}: {}", (folder / run_file::kSummary).string(), error.what());
  }
}

bool Sweep::run(SweepObserver& observer, const std::function<bool()>& stop_requested) {
  std::vector<std::size_t> trials = own_trials();
  std::atomic<bool> is_cancelled = false;
  const auto stop = [&] { return is_cancelled || stop_requested(); };
  const auto cancel = [&] { is_cancelled = true; };
  std::size_t epochs_before = 0;
  for (const Rung& rung : rungs_) {
    const Job job{observer, stop, cancel, rung.epochs};
    Groups groups;
    if (leads()) {
      trials = best(std::move(trials), rung.trials, std::exchange(epochs_before, rung.epochs));
      groups = groups_to_train(trials, job);
    }
    run_groups(groups_of_rank_0(world(), groups), job);
    const auto ended = [&](std::size_t trial) { return has_ended(trial, rung.epochs); };
    if (world().any(leads() && !std::ranges::all_of(trials, ended))) {
      return false;
    }
  }
  return true;
}

std::vector<std::size_t> Sweep::own_trials() const {
  std::vector<std::size_t> own;
  for (std::size_t trial = 0; trial < trials_.size(); ++trial) {
    if (shard().has(trial)) {
      own.push_back(trial);
    }
  }
  return own;
}

void Sweep::read_other_shards() {
  for (std::size_t trial = 0; trial < trials_.size(); ++trial) {
    if (!shard().has(trial)) {
      results_[trial] = earlier_result(trials_[trial]);
    }
  }
}

bool Sweep::is_complete() const {
  for (std::size_t trial = 0; trial < trials_.size(); ++trial) {
    if (!has_ended(trial, trials_[trial].config.training.epochs)) {
      return false;
    }
  }
  return true;
}

void Sweep::fail_unfinished() {
  for (std::size_t trial = 0; trial < trials_.size(); ++trial) {
    if (!has_ended(trial, trials_[trial].config.training.epochs)) {
      results_[trial].failure = Failure{ExitStatus::kUsage, "is not finished"};
    }
  }
}

/// The best `count` trials by their scores after `epochs` epochs, even if an earlier process
/// trained them further.
std::vector<std::size_t> Sweep::best(std::vector<std::size_t> trials, std::size_t count,
                                     std::size_t epochs) const {
  std::erase_if(trials, [this](std::size_t i) { return results_[i].failure.has_value(); });
  if (trials.size() > count) {
    std::ranges::sort(trials, {}, [&](std::size_t i) {
      const auto& history = results_[i].history;
      const EpochMetrics::Validation score =
          history[std::min(epochs, history.size()) - 1].validation.value();
      return std::tuple(-score.accuracy, score.loss, i);
    });
    trials.resize(count);
  }
  return trials;
}

/// Whether a trial is finished with a rung that ends after `epochs` epochs.
bool Sweep::has_ended(std::size_t trial, std::size_t epochs) const {
  const TrialResult& result = results_[trial];
  const bool is_whole = epochs >= trials_[trial].config.training.epochs;
  return result.failure || result.test || (!is_whole && result.epochs() >= epochs);
}

}  // namespace qmnist::sweep
