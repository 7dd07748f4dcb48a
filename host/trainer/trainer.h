#pragma once

#include <functional>

#include "host/config/config.h"
#include "host/data/split.h"
#include "host/engines/engine.h"
#include "host/run_store/checkpoint.h"
#include "host/trainer/chance_level.h"

namespace qmnist {

/// Hears how training goes; the terminal is one implementation.
class TrainingObserver {
 public:
  TrainingObserver() = default;
  TrainingObserver(const TrainingObserver&) = delete;
  TrainingObserver& operator=(const TrainingObserver&) = delete;
  TrainingObserver(TrainingObserver&&) = delete;
  TrainingObserver& operator=(TrainingObserver&&) = delete;
  virtual ~TrainingObserver() = default;

  /// An epoch begins, or goes on after the `done` samples of it.
  virtual void on_epoch_begin(std::size_t epoch, const RunningMetrics& done) = 0;
  virtual void on_progress(const RunningMetrics& running) = 0;
  virtual void on_epoch_end(const EpochMetrics& metrics) = 0;
  /// After an epoch that leaves a network with a constant answer on a sample of the training set.
  virtual void on_collapse(std::size_t /*epoch*/, const ChanceLevel& /*found*/) {}
};

/// What the trainer asks and tells while it works.
struct TrainingHooks {
  TrainingObserver& observer;
  std::function<bool()> stop_requested;         ///< asked after every step
  std::function<void(const Checkpoint&)> save;  ///< after each epoch, and when stopped
};

/// The learning rate of each step of the config's run.
[[nodiscard]] Schedule schedule_of(const Config& config, std::size_t train_size);

/// The order in which an epoch (1, 2, ...) visits the training images.
[[nodiscard]] std::vector<std::uint32_t> epoch_order(std::span<const std::uint32_t> train,
                                                     const TrainingSettings& training,
                                                     std::size_t epoch);

enum class TrainingEnd {
  kInterrupted,    ///< by the stop request; the checkpoint is saved as it stands
  kLastEpoch,      ///< that the config asks for
  kStoppedEarly,   ///< as the validation loss no longer fell
  kTargetReached,  ///< the validation accuracy, in the last finished epoch
};

/// Trains from `checkpoint` until the config says that it is enough, and updates it on the way.
///
/// The engine's state must be the checkpoint's. Where early stopping is on and nothing interrupts,
/// both hold the best epoch's weights in the end; what is saved keeps the last epoch's beside them,
/// so that a run can be extended. Knows neither device nor file nor terminal.
/// @throws UsageError where the loss is no longer finite; what was saved before stays.
[[nodiscard]] TrainingEnd train(const Config& config, const DataView& data, const Split& split,
                                Engine& engine, Checkpoint& checkpoint, const TrainingHooks& hooks);

}  // namespace qmnist
