#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/data/split.h"
#include "host/engines/engine_kinds.h"
#include "host/run_store/run_folder.h"
#include "host/sweep/trial_result.h"
#include "host/sweep/trials.h"
#include "host/world/world.h"

namespace qmnist::sweep {

/// Receives the progress of a sweep.
class SweepObserver {
 public:
  SweepObserver() = default;
  SweepObserver(const SweepObserver&) = delete;
  SweepObserver& operator=(const SweepObserver&) = delete;
  SweepObserver(SweepObserver&&) = delete;
  SweepObserver& operator=(SweepObserver&&) = delete;
  virtual ~SweepObserver() = default;

  /// A trial trained on `samples` more samples. Called from any thread.
  virtual void on_progress(std::size_t samples) = 0;
  /// A trial has reached the end of its rung or failed. `is_new` is false if that happened in an
  /// earlier process. Calls do not overlap.
  virtual void on_trial_end(std::size_t trial, const TrialResult& result, bool is_new) = 0;
};

/// The trials of a sweep that a process trains, where several do in the same folder: those whose
/// number divided by `count` leaves `index`.
struct Shard {
  std::size_t index = 0;
  std::size_t count = 1;

  [[nodiscard]] bool has(std::size_t trial) const { return trial % count == index; }
};

/// What a sweep may use.
struct SweepResources {
  std::size_t jobs;  ///< trials to train in parallel; 0: one per core, or as many as GPUs can have
  std::vector<std::size_t> device_indices;  ///< parallel trials are spread over these, at least one
  Shard shard = {};
  World* world = &alone();  ///< of the ranks that share the trials; must outlive the sweep
  std::size_t cpus = 0;     ///< of this process; 0: all that it may use
};

/// Trains the trials of a sweep, several in parallel, each in its own run folder.
///
/// Of several ranks, each trains what rank 0 hands out, a group of trials whenever it has none
/// left, in folders that all ranks share. Rank 0 has the results; the others know of their own
/// trials only.
///
/// Trials whose networks have one shape (have_one_shape()) train in groups, as large as the device
/// has use for and the jobs allow.
///
/// Resumes what an earlier process started: finished trials are not trained again, other trials
/// continue from their checkpoints. Results do not depend on the number of jobs.
class Sweep {
 public:
  /// Creates and locks the sweep's folder, but not for a shard, which others may write beside.
  /// `dataset` must outlive the sweep.
  /// @throws UsageError, DataError if the folder contains trials of another sweep; UsageError for a
  ///   shard of a halving sweep, whose trials are compared on the way
  Sweep(const SweepConfig& config, const Dataset& dataset, SweepResources resources);

  /// @param stop_requested called from any thread; true stops the sweep after saving checkpoints
  /// A trial that fails does not end the sweep, unless its device failed. All ranks must call it.
  /// @return false if it was stopped, on any rank
  /// @throws DeviceError where a device failed; the sweep can be resumed
  [[nodiscard]] bool run(SweepObserver& observer, const std::function<bool()>& stop_requested);

  /// Reads what the processes of the other shards have trained until now.
  void read_other_shards();
  /// Counts the trials that are not finished as failed, so that results can be written.
  void fail_unfinished();
  /// Whether all trials have ended, those of other shards included.
  [[nodiscard]] bool is_complete() const;
  /// The trials that this process trains.
  [[nodiscard]] std::vector<std::size_t> own_trials() const;
  [[nodiscard]] Shard shard() const { return resources_.shard; }

  [[nodiscard]] const SweepConfig& config() const { return config_; }
  [[nodiscard]] const Split& split() const { return split_; }
  [[nodiscard]] std::span<const Trial> trials() const { return trials_; }
  [[nodiscard]] std::span<const Rung> rungs() const { return rungs_; }
  [[nodiscard]] std::span<const TrialResult> results() const { return results_; }
  [[nodiscard]] std::size_t jobs() const { return resources_.jobs; }
  [[nodiscard]] std::span<const std::size_t> device_indices() const {
    return resources_.device_indices;
  }
  [[nodiscard]] World& world() const { return *resources_.world; }
  [[nodiscard]] std::size_t threads() const;                        ///< CPU threads per trial
  [[nodiscard]] std::size_t training() const { return training_; }  ///< trials, at the moment
  /// The settings of a trial's engine on that device.
  [[nodiscard]] EngineSettings engine_settings_of(std::size_t trial,
                                                  std::size_t device_index) const;
  /// Epochs left to train; an upper bound, as trials may stop early.
  [[nodiscard]] std::size_t epochs_left() const;

 private:
  using Group = std::vector<std::size_t>;  ///< numbers of trials
  using Groups = std::vector<Group>;

  struct Job {
    SweepObserver& observer;
    std::function<bool()> stop_requested;
    std::function<void()> cancel;  ///< makes stop_requested() true
    std::size_t epochs;            ///< where the rung ends
  };

  [[nodiscard]] std::size_t default_jobs() const;
  [[nodiscard]] std::size_t cpus() const;
  [[nodiscard]] TrialResult earlier_result(const Trial& trial) const;
  [[nodiscard]] std::vector<std::size_t> best(std::vector<std::size_t> trials, std::size_t count,
                                              std::size_t epochs) const;
  [[nodiscard]] bool has_ended(std::size_t trial, std::size_t epochs) const;
  /// The trial's config with the device's index and without "auto" in what decides its bits.
  [[nodiscard]] Config config_of(std::size_t trial, std::size_t device_index) const;
  [[nodiscard]] bool leads() const { return world().rank() == 0; }
  /// The trials that have not ended yet, in groups; tells the observer of the others. On rank 0.
  [[nodiscard]] Groups groups_to_train(std::span<const std::size_t> trials, const Job& job);
  /// Trains these, with all ranks.
  void run_groups(const Groups& groups, const Job& job);
  /// The trials in groups that train at the same time on one device.
  [[nodiscard]] Groups groups_of(std::span<const std::size_t> trials) const;
  /// What another rank tells rank 0 of its trials, and how that takes it.
  [[nodiscard]] std::string report_of(const Group& trials) const;
  void take_report(const std::string& report, const Job& job);
  /// Trains a group, or its halves one after the other where there is too little memory for all.
  void run_group(std::span<const std::size_t> trials, std::size_t device_index, const Job& job);
  void run_members(std::span<const std::size_t> trials, std::size_t device_index,
                   ChosenGroup chosen, const Job& job);
  void run_trial(std::size_t trial, std::size_t device_index, ChosenEngine engine, const Job& job);
  void train(std::size_t trial, std::size_t device_index, ChosenEngine engine, const Job& job);
  /// Keeps the current exception as the trial's failure, or throws it if the sweep has to end.
  void fail_trial(std::size_t trial);
  void end_trial(std::size_t trial, const Job& job, bool is_new);

  SweepConfig config_;
  const Dataset& dataset_;
  Split split_;
  std::vector<Trial> trials_;
  SweepResources resources_;
  std::vector<Rung> rungs_;
  std::optional<RunFolder> folder_;  ///< locked: only one process may write to it
  std::vector<TrialResult> results_;
  std::mutex end_of_trial_;
  std::atomic<std::size_t> training_ = 0;
};

}  // namespace qmnist::sweep
