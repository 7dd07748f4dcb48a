#include "host/sweep/sweep.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <new>
#include <numeric>
#include <system_error>
#include <tuple>
#include <utility>

#include "host/error.h"
#include "host/failure.h"
#include "host/format/training_text.h"
#include "host/run/training_run.h"
#include "host/system/available_cpus.h"

namespace qmnist::sweep {
namespace {

namespace fs = std::filesystem;

/// Forwards a trial's progress to the sweep's observer.
class TrialObserver final : public TrainingObserver {
 public:
  explicit TrialObserver(SweepObserver& sweep) : sweep_(sweep) {}

  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& done) override {
    seen_ = done.samples;
  }
  void on_progress(const RunningMetrics& running) override {
    sweep_.on_progress(running.samples - seen_);
    seen_ = running.samples;
  }
  void on_epoch_end(const EpochMetrics& /*metrics*/) override {}

 private:
  SweepObserver& sweep_;
  std::size_t seen_ = 0;
};

std::optional<std::size_t> best_epoch_of(const Checkpoint& checkpoint) {
  return checkpoint.best ? std::optional(checkpoint.best->epoch) : std::nullopt;
}

}  // namespace

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

Sweep::Sweep(const SweepConfig& config, const Dataset& dataset, SweepResources resources)
    : config_(config),
      dataset_(dataset),
      split_(split_dataset(dataset.count(), config.base.data.test_fraction,
                           config.base.data.split_seed, config.base.data.validation_fraction)),
      trials_(make_trials(config)),
      resources_(std::move(resources)),
      rungs_(make_rungs(config, trials_.size())),
      folder_(config.base.output.dir) {
  resources_.jobs = std::min(resources_.jobs, trials_.size());
  for (const Trial& trial : trials_) {
    results_.push_back(earlier_result(trial));
  }
}

std::size_t Sweep::threads() const {
  const std::size_t wanted = config_.base.training.threads;
  return wanted > 0 ? wanted : std::max(available_cpus() / jobs(), std::size_t{1});
}

std::size_t Sweep::epochs_left() const {
  std::size_t planned = 0;
  if (config_.search == Search::kHalving) {
    std::size_t before = 0;
    for (const Rung& rung : rungs_) {
      planned += rung.trials * (rung.epochs - std::exchange(before, rung.epochs));
    }
  } else {
    for (const Trial& trial : trials_) {
      planned += trial.config.training.epochs;
    }
  }
  std::size_t done = 0;
  for (const TrialResult& result : results_) {
    done += result.epochs();
  }
  return planned - std::min(planned, done);
}

/// The result of a trial so far, read from the run folder that an earlier process left.
TrialResult Sweep::earlier_result(const Trial& trial) const {
  const fs::path folder = trial.config.output.dir;
  if (!fs::exists(folder / run_file::kCheckpoint)) {
    return {};
  }
  const Network network(kPixels, trial.config.model.hidden, kClasses);
  try {
    const Checkpoint checkpoint =
        read_checkpoint(folder / run_file::kCheckpoint, network, trial.config, dataset_);
    TrialResult result{.history = checkpoint.history,
                       .test = {},
                       .failure = {},
                       .best_epoch = best_epoch_of(checkpoint)};
    if (result.epochs() > trial.config.training.epochs) {
      throw UsageError("{}: this trial has finished {} epochs, but training.epochs is {}",
                       folder.string(), result.epochs(), trial.config.training.epochs);
    }
    if (fs::exists(folder / run_file::kSummary) &&
        result.epochs() >= trial.config.training.epochs) {
      const Json summary = read_document(folder / run_file::kSummary);
      result.test = {summary.at("test_loss"), summary.at("test_accuracy")};
      result.warning = summary.value("warning", "");
    }
    return result;
  } catch (const UsageError& error) {
    throw UsageError("{}; to start another sweep, set another output.dir", error.what());
  } catch (const Json::exception& error) {
    throw DataError("{}: {}", (folder / run_file::kSummary).string(), error.what());
  }
}

bool Sweep::run(SweepObserver& observer, const std::function<bool()>& stop_requested) {
  std::vector<std::size_t> trials(trials_.size());
  std::iota(trials.begin(), trials.end(), std::size_t{0});
  std::size_t epochs_before = 0;
  for (const Rung& rung : rungs_) {
    trials = best(std::move(trials), rung.trials, std::exchange(epochs_before, rung.epochs));
    run_rung(trials, {observer, stop_requested, rung.epochs});
    if (!std::ranges::all_of(trials, [&](std::size_t i) { return has_ended(i, rung.epochs); })) {
      return false;
    }
  }
  return true;
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

void Sweep::run_rung(std::span<const std::size_t> trials, const Job& job) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> is_cancelled = false;
  const auto stop_requested = [&] { return is_cancelled || job.stop_requested(); };
  const auto work = [&](std::size_t device_index) {
    try {
      for (std::size_t i = next++; i < trials.size() && !stop_requested(); i = next++) {
        run_trial(trials[i], device_index, {job.observer, stop_requested, job.epochs});
      }
    } catch (...) {
      is_cancelled = true;
      throw;
    }
  };
  std::vector<std::future<void>> workers;  // their destructors wait for the threads
  try {
    for (std::size_t i = 0; i < std::min(jobs(), trials.size()); ++i) {
      const std::size_t device_index = device_indices()[i % device_indices().size()];
      workers.push_back(std::async(std::launch::async, work, device_index));
    }
  } catch (const std::system_error& error) {
    is_cancelled = true;
    throw UsageError(
        "only {} of {} trials can be trained in parallel: {}; set --jobs to at most {}, or raise "
        "the limit on processes (ulimit -u) or on memory",
        workers.size(), std::min(jobs(), trials.size()), error.code().message(),
        std::max(workers.size(), std::size_t{1}));
  }
  for (std::future<void>& worker : workers) {
    worker.get();
  }
}

void Sweep::run_trial(std::size_t trial, std::size_t device_index, const Job& job) {
  const bool is_new = !has_ended(trial, job.epochs);
  if (is_new) {
    try {
      train(trial, device_index, job);
    } catch (const DeviceMemoryError&) {
      results_[trial].failure = current_failure();
    } catch (const DeviceError& error) {  // the next trial would fail, too
      throw DeviceError("trial {:03}: {}; run the same command to resume the sweep", trial,
                        error.what());
    } catch (...) {
      const Failure failure = current_failure();
      if (failure.status == ExitStatus::kInternal) {
        throw;
      }
      results_[trial].failure = failure;
    }
  }
  if (has_ended(trial, job.epochs)) {
    const std::lock_guard lock(end_of_trial_);
    job.observer.on_trial_end(trial, results_[trial], is_new);
  }
}

/// Trains to the end of the rung. The config keeps the trial's total number of epochs, so that
/// learning-rate schedules do not depend on rungs.
void Sweep::train(std::size_t trial, std::size_t device_index, const Job& job) {
  Config config = trials_[trial].config;
  config.device_index = device_index;
  if (config.training.threads == 0) {
    config.training.threads = threads();
  }
  TrainingRun run(config, dataset_, Stopwatch());
  if (!run.resume()) {
    run.start();
  }
  TrialObserver observer(job.observer);
  const TrainingEnd end = run.train(observer, [&] {
    return job.stop_requested() || run.checkpoint().finished_epochs() >= job.epochs;
  });
  TrialResult& result = results_[trial];
  result.history = run.checkpoint().history;
  result.best_epoch = best_epoch_of(run.checkpoint());
  if (end != TrainingEnd::kInterrupted) {
    const Evaluation test = run.finish();
    result.test = {test.loss, test.accuracy};
    result.warning = test_warning(test, config.optimizer.learning_rate);
  }
}

}  // namespace qmnist::sweep
