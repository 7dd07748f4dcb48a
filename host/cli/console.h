#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "host/stopwatch.h"
#include "host/trainer/trainer.h"

namespace qmnist {

/// Shows training on standard output: on a terminal a progress line as Keras draws it, elsewhere
/// plain lines, one an epoch and one every ten seconds of a long epoch.
class ConsoleObserver final : public TrainingObserver {
 public:
  ConsoleObserver(std::size_t epochs, std::size_t samples, std::size_t batch_size);

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
  std::size_t first_step_ = 0;  ///< done before this process took the epoch up
  RunningMetrics running_;
  Stopwatch epoch_watch_;
  Clock::time_point last_drawn_;
};

/// For --quiet.
class SilentObserver final : public TrainingObserver {
 public:
  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& /*metrics*/) override {}
};

}  // namespace qmnist
