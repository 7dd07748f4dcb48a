#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/data/split.h"
#include "host/run_store/checkpoint.h"
#include "host/run_store/run_folder.h"
#include "host/sweep/trials.h"

namespace qmnist {

/// How far a trial has come.
struct TrialResult {
  struct Test {
    double loss;
    double accuracy;
  };
  std::vector<EpochMetrics> history;           ///< of the finished epochs
  std::optional<Test> test;                    ///< of a finished trial
  std::string failure;                         ///< why it cannot go on; empty if it can
  std::optional<std::size_t> best_epoch = {};  ///< whose weights count; else the last one's
  std::string warning = {};                    ///< of a finished trial at chance level

  [[nodiscard]] std::size_t epochs() const { return history.size(); }
  [[nodiscard]] double seconds() const;
  /// After the epoch that counts; nothing without a validation part.
  [[nodiscard]] std::optional<EpochMetrics::Validation> validation() const;
};

/// Hears how a sweep goes.
class SweepObserver {
 public:
  SweepObserver() = default;
  SweepObserver(const SweepObserver&) = delete;
  SweepObserver& operator=(const SweepObserver&) = delete;
  SweepObserver(SweepObserver&&) = delete;
  SweepObserver& operator=(SweepObserver&&) = delete;
  virtual ~SweepObserver() = default;

  /// Some trial trained on so many more digits. Called from any thread.
  virtual void on_progress(std::size_t digits) = 0;
  /// A trial has reached its rung or failed; `is_new` if not in an earlier process. One call at a
  /// time.
  virtual void on_trial_end(std::size_t trial, const TrialResult& result, bool is_new) = 0;
};

/// Trains the trials of a sweep, several at once, each in a run folder of its own.
///
/// What an earlier process left in those folders is taken up: finished trials are not trained
/// again, others go on from their checkpoints. Results do not depend on the number of jobs.
class Sweep {
 public:
  /// Takes the sweep's folder. `dataset` must outlive the sweep.
  /// @throws UsageError, DataError where another sweep's trials lie there
  Sweep(const SweepConfig& config, const Dataset& dataset, std::size_t jobs);

  /// @return false if the stop request, asked from any thread, ended it early; all is saved then.
  [[nodiscard]] bool run(SweepObserver& observer, const std::function<bool()>& stop_requested);

  [[nodiscard]] const SweepConfig& config() const { return config_; }
  [[nodiscard]] const Split& split() const { return split_; }
  [[nodiscard]] std::span<const Trial> trials() const { return trials_; }
  [[nodiscard]] std::span<const Rung> rungs() const { return rungs_; }
  [[nodiscard]] std::span<const TrialResult> results() const { return results_; }
  [[nodiscard]] std::size_t jobs() const { return jobs_; }
  [[nodiscard]] std::size_t threads() const;  ///< of the CPU, that a trial has
  /// Epochs still to train; more than there are where a trial ends early.
  [[nodiscard]] std::size_t epochs_left() const;

 private:
  struct Job {
    SweepObserver& observer;
    std::function<bool()> stop_requested;
    std::size_t epochs;  ///< where the rung ends
  };

  [[nodiscard]] TrialResult earlier_result(const Trial& trial) const;
  [[nodiscard]] std::vector<std::size_t> best(std::vector<std::size_t> trials, std::size_t count,
                                              std::size_t epochs) const;
  [[nodiscard]] bool has_ended(std::size_t trial, std::size_t epochs) const;
  void run_rung(std::span<const std::size_t> trials, const Job& job);
  void run_trial(std::size_t trial, const Job& job);
  void train(std::size_t trial, const Job& job);

  SweepConfig config_;
  const Dataset& dataset_;
  Split split_;
  std::vector<Trial> trials_;
  std::size_t jobs_;
  std::vector<Rung> rungs_;
  RunFolder folder_;  ///< locked, so that one process at a time sweeps there
  std::vector<TrialResult> results_;
  std::mutex end_of_trial_;
};

}  // namespace qmnist
