#include "host/trainer/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "host/data/shuffle.h"
#include "host/error.h"
#include "host/model/random_stream.h"
#include "host/stopwatch.h"
#include "host/trainer/evaluation.h"

namespace qmnist {
namespace {

EpochMetrics finish_epoch(const Config& config, const DataView& data, const Split& split,
                          Engine& engine, const Checkpoint& checkpoint, const Stopwatch& watch) {
  const std::size_t epoch = checkpoint.finished_epochs() + 1;
  const Schedule schedule = schedule_of(config, split.train.size());
  EpochMetrics metrics{
      .epoch = epoch,
      .loss = checkpoint.running.loss(),
      .accuracy = checkpoint.running.accuracy(),
      .seconds = 0,
      .learning_rate = schedule.learning_rate(epoch * schedule.steps_per_epoch - 1),
      .validation = {}};
  if (!split.validation.empty()) {
    const Evaluation evaluation = evaluate(engine, data, split.validation);
    metrics.validation = {evaluation.loss, evaluation.accuracy};
  }
  metrics.seconds = checkpoint.running_seconds + watch.seconds();
  return metrics;
}

bool reaches_target(const TrainingSettings& training, const EpochMetrics& epoch) {
  return training.target_accuracy > 0 &&
         epoch.validation.value().accuracy >= training.target_accuracy;
}

/// Copies the engine's state to the host. The old state is freed first, so there are never two.
void copy_state(const Engine& engine, Checkpoint& checkpoint) {
  checkpoint.state = {};
  checkpoint.state = engine.state();
}

/// Keeps the weights of the last epoch if they are the best so far.
/// @return whether it has copied the engine's state for that
bool update_best(const TrainingSettings& training, const Engine& engine, Checkpoint& checkpoint) {
  if (training.early_stopping == 0) {
    return false;
  }
  const EpochMetrics& last = checkpoint.history.back();
  const double loss = last.validation.value().loss;
  const bool is_best =
      !checkpoint.best || loss < checkpoint.best->loss || reaches_target(training, last);
  if (!is_best) {
    return false;
  }
  copy_state(engine, checkpoint);
  checkpoint.best = {
      .epoch = last.epoch, .loss = loss, .parameters = checkpoint.state.eval_parameters()};
  return true;
}

/// Running metrics over the last tenth of an epoch, which show a collapse within the epoch.
class EpochTail {
 public:
  EpochTail(const RunningMetrics& done, std::size_t samples) : before_(done), samples_(samples) {}

  void add(const RunningMetrics& running) {
    if (10 * running.samples <= 9 * samples_) {
      before_ = running;
    }
    now_ = running;
  }
  [[nodiscard]] std::size_t samples() const { return now_.samples - before_.samples; }
  [[nodiscard]] double accuracy() const {
    return static_cast<double>(now_.correct - before_.correct) / static_cast<double>(samples());
  }

 private:
  RunningMetrics before_;
  RunningMetrics now_;
  std::size_t samples_;
};

double majority_share(const DataView& data, std::span<const std::uint32_t> indices) {
  std::array<std::size_t, kMaxClasses> counts{};
  for (const std::uint32_t index : indices) {
    counts.at(data.labels[index]) += 1;
  }
  return static_cast<double>(std::ranges::max(counts)) / static_cast<double>(indices.size());
}

/// Detects a network with constant predictions on a sample of the training set. Evaluates it only
/// if the epoch's last tenth is at chance level, so that other epochs take no longer.
std::optional<ChanceLevel> find_collapse(const EpochTail& tail, const DataView& data,
                                         std::span<const std::uint32_t> train, Engine& engine) {
  constexpr std::size_t kSample = 2000;
  if (tail.accuracy() > chance_limit(majority_share(data, train), tail.samples())) {
    return std::nullopt;
  }
  const auto found =
      find_chance_level(evaluate(engine, data, train.first(std::min(kSample, train.size()))));
  return found && found->is_constant() ? found : std::nullopt;
}

/// Takes the steps of the current epoch, to its end or until training is stopped.
void take_steps(const Config& config, const DataView& data, std::span<const std::uint32_t> order,
                Engine& engine, Checkpoint& checkpoint, EpochTail& tail,
                const TrainingHooks& hooks) {
  const std::size_t epoch = checkpoint.finished_epochs() + 1;
  if (checkpoint.running.samples >= order.size()) {
    throw DataError(
        "checkpoint position {} is beyond the epoch's {} samples; restart without --resume",
        checkpoint.running.samples, order.size());
  }
  hooks.observer.on_epoch_begin(epoch, checkpoint.running);
  engine.train(data, order, checkpoint.running, [&](const RunningMetrics& running) {
    tail.add(running);
    hooks.observer.on_progress(running);
    return std::isfinite(running.loss_sum) && !hooks.stop_requested();
  });
  if (!std::isfinite(checkpoint.running.loss_sum)) {
    throw UsageError(
        "training diverged in epoch {}: the loss is not finite; lower optimizer.learning_rate, "
        "which is {}",
        epoch, config.optimizer.learning_rate);
  }
}

/// Trains to the end of the current epoch or until it is stopped, and saves a checkpoint where one
/// is due. @return why training ends here; nothing if it continues
std::optional<TrainingEnd> train_epoch(const Config& config, const DataView& data,
                                       const Split& split, Engine& engine, Checkpoint& checkpoint,
                                       const TrainingHooks& hooks) {
  const Stopwatch watch;
  const auto order = epoch_order(split.train, config.training, checkpoint.finished_epochs() + 1);
  EpochTail tail(checkpoint.running, order.size());
  take_steps(config, data, order, engine, checkpoint, tail, hooks);
  const bool finished = checkpoint.running.samples == order.size();
  bool has_state = false;
  if (finished) {
    checkpoint.history.push_back(finish_epoch(config, data, split, engine, checkpoint, watch));
    checkpoint.running = {};
    checkpoint.running_seconds = 0;
    has_state = update_best(config.training, engine, checkpoint);
    hooks.log(checkpoint.history.back());
  } else {
    checkpoint.running_seconds += watch.seconds();
  }
  std::optional<TrainingEnd> end = end_of(config.training, checkpoint);
  if (!end && hooks.stop_requested()) {
    end = TrainingEnd::kInterrupted;
  }
  if (end || hooks.checkpoint_due()) {
    if (!has_state) {
      copy_state(engine, checkpoint);
    }
    hooks.save(checkpoint);
  }
  if (finished) {
    const EpochMetrics& metrics = checkpoint.history.back();
    hooks.observer.on_epoch_end(metrics);
    if (const auto found = find_collapse(tail, data, split.train, engine)) {
      hooks.observer.on_collapse(metrics.epoch, *found);
    }
  }
  return end;
}

}  // namespace

std::optional<TrainingEnd> end_of(const TrainingSettings& training, const Checkpoint& checkpoint) {
  const std::size_t epochs = checkpoint.finished_epochs();
  if (epochs > 0 && reaches_target(training, checkpoint.history.back())) {
    return TrainingEnd::kTargetReached;
  }
  if (epochs >= training.epochs) {
    return TrainingEnd::kLastEpoch;
  }
  if (checkpoint.best && epochs >= checkpoint.best->epoch + training.early_stopping) {
    return TrainingEnd::kStoppedEarly;
  }
  return std::nullopt;
}

Schedule schedule_of(const Config& config, std::size_t train_size) {
  const std::size_t batch = config.training.batch_size;
  return {.peak = config.optimizer.learning_rate,
          .settings = config.schedule,
          .epochs = config.training.epochs,
          .steps_per_epoch = (train_size + batch - 1) / batch};
}

std::vector<std::uint32_t> epoch_order(std::span<const std::uint32_t> train,
                                       const TrainingSettings& training, std::size_t epoch) {
  std::vector<std::uint32_t> order(train.begin(), train.end());
  if (training.shuffle) {
    std::mt19937 generator =
        random_stream(training.seed, RandomUse::kEpochOrder, static_cast<std::uint32_t>(epoch));
    numpy_shuffle(order, generator);
  }
  return order;
}

TrainingEnd train(const Config& config, const DataView& data, const Split& split, Engine& engine,
                  Checkpoint& checkpoint, const TrainingHooks& hooks) {
  std::optional<TrainingEnd> end = end_of(config.training, checkpoint);
  while (!end) {
    end = train_epoch(config, data, split, engine, checkpoint, hooks);
  }
  if (end != TrainingEnd::kInterrupted && checkpoint.best) {
    TrainingState& state = checkpoint.state;
    (state.ema.empty() ? state.parameters : state.ema) = checkpoint.best->parameters;
    engine.set_state(checkpoint.state);
  }
  return *end;
}

}  // namespace qmnist
