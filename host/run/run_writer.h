#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "host/run_store/checkpoint.h"
#include "host/trainer/metrics.h"

namespace qmnist {

/// Writes a run's metrics and checkpoints on a thread of its own, so that training does not wait
/// for the disk. What was handed over is copied.
///
/// The metrics of every epoch are written, in order. One checkpoint waits while another one is
/// written; a newer one replaces it.
class RunWriter {
 public:
  /// Called on the writer's thread. What one throws is thrown again by the next call of append(),
  /// save() or finish(); only the first such exception is kept.
  struct Functions {
    std::function<void(const EpochMetrics&)> append_metrics;
    std::function<void(const Checkpoint&)> write_checkpoint;
  };

  /// Starts the thread. @throws UsageError if that is not possible
  explicit RunWriter(Functions functions);
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;
  RunWriter(RunWriter&&) = delete;
  RunWriter& operator=(RunWriter&&) = delete;
  /// Waits until all that was handed over is written.
  ~RunWriter();

  void append(const EpochMetrics& metrics);
  void save(const Checkpoint& checkpoint);

  /// Waits until all that was handed over is written. The last call on a writer.
  void finish();

 private:
  void run();
  void write(const std::vector<EpochMetrics>& epochs, const std::optional<Checkpoint>& checkpoint);
  template <typename Function>
  void keep_error_of(const Function& function);
  void throw_error();
  void stop();

  Functions functions_;
  std::mutex mutex_;  // for the members below
  std::condition_variable wake_;
  std::vector<EpochMetrics> epochs_;   ///< not yet written
  std::optional<Checkpoint> waiting_;  ///< not yet written
  std::exception_ptr error_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace qmnist
