#pragma once

#include <filesystem>
#include <functional>

#include "host/config/config.h"
#include "host/data/split.h"
#include "host/engines/engine_kinds.h"
#include "host/run_store/checkpoint.h"
#include "host/run_store/run_folder.h"
#include "host/stopwatch.h"
#include "host/trainer/evaluation.h"
#include "host/trainer/trainer.h"

namespace qmnist {

/// One training run from config to report, a step a member: start() or resume(), train(), finish().
/// It writes the run folder and prints nothing.
class TrainingRun {
 public:
  /// Splits the digits, makes the engine and takes the run folder. `dataset` must outlive the run;
  /// what passed `since_start` counts as time of loading.
  /// @throws UsageError, DeviceError
  TrainingRun(Config config, const Dataset& dataset, const Stopwatch& since_start);

  /// Begins anew. @return whether an earlier run's files were set aside for that.
  bool start();

  /// Takes up the run folder's checkpoint. @return false where there is none.
  /// @throws UsageError, DataError where it is not one of this config and data.
  [[nodiscard]] bool resume();

  /// Trains until the config says that it is enough, with a checkpoint after each epoch and where
  /// the stop request ends it.
  /// @throws UsageError where the training diverges.
  [[nodiscard]] TrainingEnd train(TrainingObserver& observer,
                                  const std::function<bool()>& stop_requested);

  /// Tests what was trained and writes the results. @return the evaluation of the test part.
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
  Split split_;
  Network network_;
  ChosenEngine chosen_;
  RunFolder folder_;
  double seconds_load_;
  Checkpoint checkpoint_;
};

}  // namespace qmnist
