#include "host/run/rank_run.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "host/data/split.h"
#include "host/error.h"
#include "host/run/engine_settings.h"
#include "host/run/run_memory.h"
#include "host/run/run_teacher.h"
#include "host/trainer/evaluation.h"

namespace qmnist {
namespace {

class SilentObserver final : public TrainingObserver {
 public:
  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& /*metrics*/) override {}
};

Checkpoint receive_checkpoint(World& world, const Network& network, const Config& config,
                              const Dataset& dataset) {
  return parse_checkpoint(broadcast(world, {}), "the run of rank 0", network, config, dataset);
}

}  // namespace

std::function<bool()> on_any_rank(World& world, std::function<bool()> wanted) {
  return [&world, wanted = std::move(wanted)] { return world.any(wanted()); };
}

std::string device_for_ranks(World& world, bool train_together) {
  const auto works = [&](const EngineKind* kind) {
    try {
      (void)kind->device_of_rank(world);
    } catch (const DeviceError&) {
      return false;
    }
    return !train_together || !world.any(!kind->obstacle_to_ranks().empty());
  };
  const auto found = std::ranges::find_if(engine_kinds(), works);
  return std::string((*found)->name);  // the last one works everywhere
}

ChosenEngine make_run_engine(const Config& config, const Network& network, std::size_t train_size,
                             World& world) {
  return make_engine(config.device, engine_settings(config, network, train_size, &world),
                     bytes_without_engine(config, network));
}

void send_checkpoint(World& world, const Checkpoint& checkpoint, const Network& network,
                     const Config& config, const Dataset& dataset) {
  Checkpoint whole = checkpoint;
  TrainingState& state = whole.state;
  state.moments = moments_or_zeros(state, moment_count(config.optimizer.name));
  if (config.regularization.ema_decay > 0) {
    state.ema = state.eval_parameters();
  }
  (void)broadcast(world, checkpoint_bytes(whole, network, config, dataset));
}

TrainingEnd train_as_rank(Config config, const Dataset& dataset, World& world,
                          const std::function<bool()>& stop_requested) {
  const Split split = split_dataset(config.data, dataset);
  const Network network = network_of(config, dataset.classes.size());
  const ChosenEngine chosen = make_run_engine(config, network, split.train.size(), world);
  Engine& engine = *chosen.engine;
  config.teacher.checksums = teacher_checksums(config);
  const std::unique_ptr<Teacher> teacher = make_teacher(
      config, engine_settings(config, network, split.train.size(), &world), dataset.classes);
  if (teacher) {
    engine.set_soft_labels(*teacher);
  }
  engine.keep_on_device(dataset.view());
  Checkpoint checkpoint = receive_checkpoint(world, network, config, dataset);
  engine.set_state(checkpoint.state);
  SilentObserver observer;
  const TrainingEnd end = train(config, dataset.view(), split, engine, checkpoint,
                                {.observer = observer,
                                 .stop_requested = on_any_rank(world, stop_requested),
                                 .log = [](const EpochMetrics& /*epoch*/) {},
                                 .checkpoint_due = on_any_rank(world, [] { return false; }),
                                 .save = [](Checkpoint& /*checkpoint*/) {}});
  if (end != TrainingEnd::kInterrupted) {
    (void)evaluate(engine, dataset.view(), split.test);
  }
  return end;
}

}  // namespace qmnist
