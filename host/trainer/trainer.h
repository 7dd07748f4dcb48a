#pragma once

#include <functional>
#include <optional>

#include "host/config/config.h"
#include "host/data/split.h"
#include "host/engines/engine.h"
#include "host/run_store/checkpoint.h"
#include "host/trainer/chance_level.h"

namespace qmnist {

/// Receives the progress of training; the terminal is one implementation.
class TrainingObserver {
 public:
  TrainingObserver() = default;
  TrainingObserver(const TrainingObserver&) = delete;
  TrainingObserver& operator=(const TrainingObserver&) = delete;
  TrainingObserver(TrainingObserver&&) = delete;
  TrainingObserver& operator=(TrainingObserver&&) = delete;
  virtual ~TrainingObserver() = default;

  /// An epoch begins, or continues after the samples in `done`.
  virtual void on_epoch_begin(std::size_t epoch, const RunningMetrics& done) = 0;
  virtual void on_progress(const RunningMetrics& running) = 0;
  virtual void on_epoch_end(const EpochMetrics& metrics) = 0;
  /// Called after an epoch if the network's predictions on a sample of the training set are
  /// constant.
  virtual void on_collapse(std::size_t /*epoch*/, const ChanceLevel& /*found*/) {}
};

/// Callbacks of the trainer.
struct TrainingHooks {
  TrainingObserver& observer;
  std::function<bool()> stop_requested;  ///< called after each step, or each few steps on a GPU
  std::function<void(const EpochMetrics&)> log;  ///< after each epoch
  std::function<bool()> checkpoint_due;   ///< after an epoch: whether to save one though it goes on
  std::function<void(Checkpoint&)> save;  ///< where one is due, at the end and when stopped
};

/// The learning-rate schedule of a run with this config.
[[nodiscard]] Schedule schedule_of(const Config& config, std::size_t train_size);

/// The order in which an epoch (1, 2, ...) visits the training images.
[[nodiscard]] std::vector<std::uint32_t> epoch_order(std::span<const std::uint32_t> train,
                                                     const TrainingSettings& training,
                                                     std::size_t epoch);

enum class TrainingEnd {
  kInterrupted,    ///< TrainingHooks::stop_requested returned true; a checkpoint is saved
  kLastEpoch,      ///< training.epochs epochs are finished
  kStoppedEarly,   ///< no improvement of the validation loss for training.early_stopping epochs
  kTargetReached,  ///< the last epoch's validation accuracy is at least training.target_accuracy
};

/// The reason why training ends after the checkpoint's finished epochs; nothing if it continues.
[[nodiscard]] std::optional<TrainingEnd> end_of(const TrainingSettings& training,
                                                const Checkpoint& checkpoint);

/// Trains from `checkpoint`, which it updates, until one of the ends above. Its training state is
/// that of the engine only where it is saved and on return, because copying it takes time.
///
/// The engine's state must be the checkpoint's. With early stopping and without an interruption,
/// both contain the best epoch's weights on return; the saved checkpoint contains the last epoch's
/// weights too, so that a run can be extended. Does not depend on a device, a file or a terminal.
/// @throws UsageError if the loss is not finite; the last saved checkpoint stays
[[nodiscard]] TrainingEnd train(const Config& config, const DataView& data, const Split& split,
                                Engine& engine, Checkpoint& checkpoint, const TrainingHooks& hooks);

}  // namespace qmnist
