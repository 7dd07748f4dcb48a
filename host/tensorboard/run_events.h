#pragma once

#include <memory>

#include "host/config/config.h"
#include "host/run_store/run_folder.h"
#include "host/run_store/summary.h"
#include "host/trainer/metrics.h"

namespace qmnist {

class EventFile;

/// What a run tells TensorBoard, in a file of its own in the run folder: each epoch's metrics,
/// weights as histograms, and at the end the confusion matrix and misclassified images as pictures;
/// and the config's values, for the comparison of runs (hparams). Steps are epochs.
///
/// All functions throw UsageError, naming the file and the system's reason, if writing fails.
class RunEvents {
 public:
  /// @throws UsageError where this build writes no such files (QMNIST_TENSORBOARD)
  static void require();

  /// @param finished epochs, from which a resumed run goes on: what an earlier file has of later
  ///   ones is not shown
  RunEvents(const RunFolder& folder, const Config& config, std::size_t finished);
  RunEvents(const RunEvents&) = delete;
  RunEvents& operator=(const RunEvents&) = delete;
  RunEvents(RunEvents&&) = delete;
  RunEvents& operator=(RunEvents&&) = delete;
  ~RunEvents();

  /// @param steps of the epoch
  void add_epoch(const EpochMetrics& metrics, std::size_t steps);

  /// The weights and biases of each layer.
  void add_weights(std::size_t epoch, const Network& network, std::span<const float> parameters);

  /// The last call.
  /// @param confusion_png the chart; empty where this build draws none
  void add_result(const RunResult& result, std::string_view confusion_png);

 private:
  std::unique_ptr<EventFile> file_;
};

}  // namespace qmnist
