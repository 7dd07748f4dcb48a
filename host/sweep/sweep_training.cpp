#include <algorithm>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <system_error>
#include <utility>

#include "host/error.h"
#include "host/failure.h"
#include "host/format/training_text.h"
#include "host/run/engine_settings.h"
#include "host/run/run_memory.h"
#include "host/run/training_run.h"
#include "host/sweep/sweep.h"

namespace qmnist::sweep {
namespace {

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

/// Whether the current exception says so.
bool is_too_little_memory() {
  try {
    throw;
  } catch (const DeviceMemoryError&) {
    return true;
  } catch (const UsageError&) {  // by require_memory()
    return true;
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Does each task in a thread of its own and waits for all. Calls `cancel` when one throws.
/// @throws what a task threw; UsageError where a thread cannot be started
void run_in_threads(std::vector<std::function<void()>> tasks, const std::function<void()>& cancel) {
  const auto work = [&cancel](const std::function<void()>& task) {
    try {
      task();
    } catch (...) {
      cancel();
      throw;
    }
  };
  const std::size_t count = tasks.size();
  std::vector<std::future<void>> threads;  // their destructors wait
  try {
    for (std::function<void()>& task : tasks) {
      threads.push_back(std::async(std::launch::async, work, std::move(task)));
    }
  } catch (const std::system_error& error) {
    cancel();
    tasks.clear();
    throw UsageError(
        "only {} of {} trials can be trained in parallel: {}; set --jobs to at most {}, or raise "
        "the limit on processes (ulimit -u) or on memory",
        threads.size(), count, error.code().message(), std::max(threads.size(), std::size_t{1}));
  }
  for (std::future<void>& thread : threads) {
    thread.get();
  }
}

}  // namespace

EngineSettings Sweep::engine_settings_of(std::size_t trial, std::size_t device_index) const {
  const Config config = config_of(trial, device_index);
  return engine_settings(config, network_of(config, dataset_.classes.size()), split_.train.size());
}

Config Sweep::config_of(std::size_t trial, std::size_t device_index) const {
  Config config = trials_[trial].config;
  config.device_index = device_index;
  TrainingSettings& training = config.training;
  if (training.threads == 0) {
    training.threads = threads();
  }
  if (training.kernels == Kernels::kAuto && training.math == MathMode::kFp32) {
    training.kernels = Kernels::kFixedOrder;  // networks of other kernels train one by one
  }
  return config;
}

Sweep::Groups Sweep::groups_to_train(std::span<const std::size_t> trials, const Job& job) {
  std::vector<std::size_t> to_train;
  for (const std::size_t trial : trials) {
    if (has_ended(trial, job.epochs)) {
      end_trial(trial, job, false);
    } else {
      to_train.push_back(trial);
    }
  }
  return groups_of(to_train);
}

void Sweep::run_groups(const Groups& groups, const Job& job) {
  if (groups.empty()) {
    return;
  }
  const std::unique_ptr<TaskQueue> queue =
      world().make_task_queue([&](const std::string& report) { take_report(report, job); });
  const std::size_t largest = std::ranges::max(groups, {}, &Group::size).size();
  const std::size_t workers = std::min(groups.size(), std::max(jobs() / largest, std::size_t{1}));
  std::vector<std::function<void()>> tasks;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    const std::size_t device_index = device_indices()[worker % device_indices().size()];
    tasks.emplace_back([&, device_index] {
      std::string report;
      while (true) {
        if (job.stop_requested()) {
          queue->close();  // next() still takes the report
        }
        const std::size_t next = queue->next(report);
        if (next >= groups.size()) {
          return;
        }
        run_group(groups[next], device_index, job);
        report = leads() ? "" : report_of(groups[next]);
      }
    });
  }
  run_in_threads(std::move(tasks), job.cancel);
}

std::string Sweep::report_of(const Group& trials) const {
  Json report = Json::array();
  for (const std::size_t trial : trials) {
    report.push_back({{"trial", trial}, {"result", to_json(results_[trial])}});
  }
  return report.dump();
}

void Sweep::take_report(const std::string& report, const Job& job) {
  for (const Json& of_trial : Json::parse(report)) {
    const std::size_t trial = of_trial.at("trial");
    TrialResult result = trial_result_from(of_trial.at("result"));
    const std::size_t before = std::min(results_[trial].epochs(), result.epochs());
    job.observer.on_progress((result.epochs() - before) * split_.train.size());
    results_[trial] = std::move(result);
    if (has_ended(trial, job.epochs)) {
      end_trial(trial, job, true);
    }
  }
}

Sweep::Groups Sweep::groups_of(std::span<const std::size_t> trials) const {
  struct Shape {
    EngineSettings settings;
    Group trials;
  };
  std::vector<Shape> shapes;
  for (const std::size_t trial : trials) {
    const EngineSettings settings = engine_settings_of(trial, device_indices().front());
    auto place = std::ranges::find_if(
        shapes, [&](const Shape& shape) { return have_one_shape(shape.settings, settings); });
    if (place == shapes.end()) {
      place = shapes.insert(shapes.end(), {.settings = settings, .trials = {}});
    }
    place->trials.push_back(trial);
  }
  const std::size_t devices = device_indices().size();
  const std::size_t all_devices = devices * world().size();
  Groups groups;
  for (const Shape& shape : shapes) {
    const std::span<const std::size_t> all(shape.trials);
    const std::size_t size = std::min(
        {(all.size() + all_devices - 1) / all_devices, std::max(jobs() / devices, std::size_t{1}),
         engine_kind(config_.base.device).networks_at_once(shape.settings)});
    for (std::size_t first = 0; first < all.size(); first += size) {
      const auto part = all.subspan(first, std::min(size, all.size() - first));
      groups.emplace_back(part.begin(), part.end());
    }
  }
  std::ranges::sort(groups);
  return groups;
}

void Sweep::run_group(std::span<const std::size_t> trials, std::size_t device_index,
                      const Job& job) {
  std::vector<EngineSettings> settings;
  std::size_t bytes_beside = 0;
  for (const std::size_t trial : trials) {
    settings.push_back(engine_settings_of(trial, device_index));
    bytes_beside += bytes_without_engine(trials_[trial].config, settings.back().network);
  }
  ChosenGroup chosen;
  try {
    chosen = make_group(config_.base.device, std::move(settings), bytes_beside);
  } catch (...) {
    if (trials.size() > 1 && is_too_little_memory()) {
      run_group(trials.first(trials.size() / 2), device_index, job);
      run_group(trials.subspan(trials.size() / 2), device_index, job);
      return;
    }
    fail_trial(trials.front());
    end_trial(trials.front(), job, true);
    return;
  }
  run_members(trials, device_index, std::move(chosen), job);
}

void Sweep::run_members(std::span<const std::size_t> trials, std::size_t device_index,
                        ChosenGroup chosen, const Job& job) {
  std::vector<std::function<void()>> tasks;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    // Destroyed with its task, so that the group does not wait for one that was not started.
    const auto engine = std::make_shared<ChosenEngine>(chosen.take(i));
    tasks.emplace_back([this, trial = trials[i], device_index, engine, &job] {
      training_ += 1;
      run_trial(trial, device_index, std::move(*engine), job);
      training_ -= 1;
    });
  }
  run_in_threads(std::move(tasks), job.cancel);
}

void Sweep::run_trial(std::size_t trial, std::size_t device_index, ChosenEngine engine,
                      const Job& job) {
  try {
    train(trial, device_index, std::move(engine), job);
  } catch (...) {
    fail_trial(trial);
  }
  if (has_ended(trial, job.epochs)) {
    end_trial(trial, job, true);
  }
}

void Sweep::fail_trial(std::size_t trial) {
  try {
    throw;
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

void Sweep::end_trial(std::size_t trial, const Job& job, bool is_new) {
  const std::lock_guard lock(end_of_trial_);
  job.observer.on_trial_end(trial, results_[trial], is_new);
}

/// Trains to the end of the rung. The config keeps the trial's total number of epochs, so that
/// learning-rate schedules do not depend on rungs.
void Sweep::train(std::size_t trial, std::size_t device_index, ChosenEngine engine,
                  const Job& job) {
  const Config config = config_of(trial, device_index);
  TrainingRun run(config, dataset_, Stopwatch(), std::move(engine));
  if (!run.resume()) {
    run.start();
  }
  TrialObserver observer(job.observer);
  const TrainingEnd end = run.train(observer, [&] {
    return job.stop_requested() || run.checkpoint().finished_epochs() >= job.epochs;
  });
  TrialResult& result = results_[trial];
  result.history = run.checkpoint().history;
  result.best_epoch = run.checkpoint().best_epoch();
  if (end != TrainingEnd::kInterrupted) {
    const Evaluation test = run.finish();
    result.test = {test.loss, test.accuracy};
    result.warning = test_warning(test, dataset_.classes, config.optimizer.learning_rate);
  }
}

}  // namespace qmnist::sweep
