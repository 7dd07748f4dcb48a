#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "host/config/config.h"
#include "host/data/split.h"
#include "host/engines/engine_kinds.h"
#include "host/engines/teacher.h"
#include "host/run_store/checkpoint.h"
#include "host/run_store/run_folder.h"
#include "host/stopwatch.h"
#include "host/tensorboard/run_events.h"
#include "host/trainer/evaluation.h"
#include "host/trainer/trainer.h"
#include "host/world/world.h"

namespace qmnist {

/// One training run from config to report: start() or resume(), then train(), then finish(). Writes
/// the run folder and prints nothing.
class TrainingRun {
 public:
  /// Splits the data set, creates the engine, and creates and locks the run folder.
  /// @param dataset must outlive the run
  /// @param since_start started before loading the data, for the loading time in the summary
  /// @param engine one for engine_settings(), if there is one already
  /// @param world of which this is rank 0; the others call train_as_rank()
  /// @throws UsageError, DeviceError
  TrainingRun(Config config, const Dataset& dataset, const Stopwatch& since_start,
              std::optional<ChosenEngine> engine = {}, World& world = alone());

  /// Starts from the beginning. @return whether a previous run's files were archived
  bool start();

  /// Resumes from the run folder's checkpoint. @return false if there is none
  /// @throws UsageError, DataError if the checkpoint does not match config and data
  [[nodiscard]] bool resume();

  /// Trains to the end that the config defines or until `stop_requested` returns true. Metrics and
  /// checkpoints are written in the background; the last ones are on disk on return.
  /// @throws UsageError if training diverges or a file cannot be written
  [[nodiscard]] TrainingEnd train(TrainingObserver& observer,
                                  const std::function<bool()>& stop_requested);

  /// Evaluates the model on the test set and writes the results. @return that evaluation
  Evaluation finish();

  [[nodiscard]] const Config& config() const { return config_; }  ///< "auto" and 0 resolved
  [[nodiscard]] const Dataset& dataset() const { return dataset_; }
  [[nodiscard]] const Split& split() const { return split_; }
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] const ChosenEngine& chosen() const { return chosen_; }
  [[nodiscard]] const RunFolder& folder() const { return folder_; }
  [[nodiscard]] const Checkpoint& checkpoint() const { return checkpoint_; }

 private:
  void check_validation() const;
  void resolve_config();
  void check_epochs() const;
  void begin();

  Config config_;
  const Dataset& dataset_;
  World& world_;
  Split split_;
  Network network_;
  ChosenEngine chosen_;
  std::unique_ptr<Teacher> teacher_;  ///< where the config names one
  RunFolder folder_;
  std::optional<RunEvents> events_;  ///< where the config wants them
  double seconds_load_;
  Checkpoint checkpoint_;
};

}  // namespace qmnist
