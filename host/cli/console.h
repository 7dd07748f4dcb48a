#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "host/stopwatch.h"
#include "host/trainer/trainer.h"

namespace qmnist {

/// Prints only warnings, on standard error: for --quiet.
class QuietObserver : public TrainingObserver {
 public:
  /// @param learning_rate optimizer.learning_rate, for the warning's text
  /// @param classes their names, for it, too; must outlive this
  QuietObserver(double learning_rate, std::span<const std::string> classes)
      : learning_rate_(learning_rate), classes_(classes) {}

  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& /*metrics*/) override {}
  /// Warns once per run.
  void on_collapse(std::size_t epoch, const ChanceLevel& found) override;

 private:
  double learning_rate_;
  std::span<const std::string> classes_;
  bool has_warned_ = false;
};

/// Prints progress on standard output: a progress bar like Keras's on a terminal, otherwise a plain
/// line per epoch and one every ten seconds of a long epoch.
class ConsoleObserver final : public QuietObserver {
 public:
  /// @param classes as above
  /// @param samples size of the training set
  ConsoleObserver(const Config& config, std::span<const std::string> classes, std::size_t samples);

  void on_epoch_begin(std::size_t epoch, const RunningMetrics& done) override;
  void on_progress(const RunningMetrics& running) override;
  void on_epoch_end(const EpochMetrics& metrics) override;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::size_t steps(std::size_t samples) const;
  [[nodiscard]] std::string running_line(const RunningMetrics& running, double seconds) const;
  [[nodiscard]] std::string bar(double done) const;

  std::size_t epochs_;
  std::size_t samples_;
  std::size_t batch_size_;
  bool is_terminal_;
  bool is_unicode_;
  std::size_t epoch_ = 0;
  std::size_t first_step_ = 0;  ///< steps of the epoch that an earlier process has done
  RunningMetrics running_;
  Stopwatch epoch_watch_;
  Clock::time_point last_drawn_;
};

}  // namespace qmnist
