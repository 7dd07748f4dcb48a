#include "host/run/training_run.h"

#include <map>
#include <optional>
#include <string>

#include "host/charts/charts.h"
#include "host/charts/heat_map.h"
#include "host/error.h"
#include "host/export/html_page.h"
#include "host/html/html_report.h"
#include "host/image/svg.h"
#include "host/run/engine_settings.h"
#include "host/run/rank_run.h"
#include "host/run/run_teacher.h"
#include "host/run/run_writer.h"
#include "host/run_store/metrics_files.h"
#include "host/run_store/summary.h"

namespace qmnist {

namespace fs = std::filesystem;

namespace {

/// @param config resolved
bool has_fixed_order(const Config& config) {
  return config.training.kernels == Kernels::kFixedOrder ||
         engine_kind(config.device).auto_kernels == Kernels::kFixedOrder;  // it has no others
}

}  // namespace

TrainingRun::TrainingRun(Config config, const Dataset& dataset, const Stopwatch& since_start,
                         std::optional<ChosenEngine> engine, World& world)
    : config_(std::move(config)),
      dataset_(dataset),
      world_(world),
      split_(split_dataset(config_.data, dataset_)),
      network_(network_of(config_, dataset_.classes.size())),
      chosen_(engine ? *std::move(engine)
                     : make_run_engine(config_, network_, split_.train.size(), world_)),
      folder_(config_.output.dir),
      seconds_load_(since_start.seconds()) {
  check_validation();
  if (config_.output.tensorboard) {
    RunEvents::require();
  }
  resolve_config();
  config_.teacher.checksums = teacher_checksums(config_);
  teacher_ = make_teacher(config_, engine_settings(config_, network_, split_.train.size(), &world_),
                          dataset_.classes);
  if (teacher_) {
    chosen_.engine->set_soft_labels(*teacher_);
  }
  chosen_.engine->keep_on_device(dataset_.view());
}

void TrainingRun::check_validation() const {
  const Json values = config_json(config_);
  for (const char* key : {"training.early_stopping", "training.target_accuracy"}) {
    const Json& value = value_of(values, key);
    if (value != 0 && split_.validation.empty()) {
      throw UsageError(
          "{} is {}, but there is no validation set; set data.validation_fraction, for example to "
          "0.1, or set {} to 0",
          key, value.dump(), key);
    }
  }
}

/// Replaces "auto" and 0 by the chosen values, so that config.json reproduces the run.
void TrainingRun::resolve_config() {
  if (!dataset_.source.empty()) {
    config_.data.source = dataset_.source;
  }
  config_.device = chosen_.device;
  config_.training.threads = chosen_.threads;
  TrainingSettings& training = config_.training;
  training.kernels = kernels_of(training);
  if (training.kernels == Kernels::kAuto) {
    // The fixed order does not go with another precision, which a CPU ignores.
    training.kernels = training.math == MathMode::kFp32 ? engine_kind(chosen_.device).auto_kernels
                                                        : Kernels::kCublas;
  }
}

bool TrainingRun::start() {
  checkpoint_.state = initial_state(network_, config_.training.seed);
  const bool was_there = folder_.archive_previous_run();
  begin();
  return was_there;
}

bool TrainingRun::resume() {
  const fs::path saved = folder_.file(run_file::kCheckpoint);
  if (!fs::exists(saved)) {
    return false;
  }
  checkpoint_ = read_checkpoint(saved, network_, config_, dataset_);
  check_epochs();
  begin();
  return true;
}

void TrainingRun::check_epochs() const {
  const std::size_t begun =
      checkpoint_.finished_epochs() + (checkpoint_.running.samples > 0 ? 1 : 0);
  if (config_.training.epochs < begun) {
    throw UsageError(
        "training.epochs is {}, but this run is already in epoch {}; resume with at least that "
        "many, "
        "or restart without --resume",
        config_.training.epochs, begun);
  }
}

void TrainingRun::begin() {
  folder_.write_config(config_json(config_));
  chosen_.engine->set_state(checkpoint_.state);
  if (world_.size() > 1) {
    send_checkpoint(world_, checkpoint_, network_, config_, dataset_);
  }
}

TrainingEnd TrainingRun::train(TrainingObserver& observer,
                               const std::function<bool()>& stop_requested) {
  const Stopwatch watch;
  const double seconds_before = checkpoint_.seconds_wall;
  MetricsFiles metrics(folder_, checkpoint_.history, !split_.validation.empty());
  if (config_.output.tensorboard) {
    events_.emplace(folder_, config_, checkpoint_.finished_epochs());
  }
  const std::size_t steps = schedule_of(config_, split_.train.size()).steps_per_epoch;
  const auto append = [&](const EpochMetrics& epoch) {
    metrics.append(epoch);
    if (events_) {
      events_->add_epoch(epoch, steps);
    }
  };
  const auto write = [this](const Checkpoint& checkpoint) {
    write_checkpoint(folder_.file(run_file::kCheckpoint), checkpoint, network_, config_, dataset_);
    if (events_ && checkpoint.running.samples == 0) {  // not of the midst of an epoch
      events_->add_weights(checkpoint.finished_epochs(), network_,
                           checkpoint.state.eval_parameters());
    }
  };
  RunWriter writer({.append_metrics = append, .write_checkpoint = write});

  std::optional<Stopwatch> since_checkpoint;
  const auto checkpoint_due = [&] {
    return !since_checkpoint || since_checkpoint->seconds() >= config_.output.checkpoint_seconds;
  };
  const auto save = [&](Checkpoint& checkpoint) {
    checkpoint.seconds_wall = seconds_before + watch.seconds();
    if (!has_fixed_order(config_)) {
      checkpoint.arithmetic = kArithmeticWithCublas;
    }
    writer.save(checkpoint);
    since_checkpoint = Stopwatch();
  };
  const TrainingEnd end =
      qmnist::train(config_, dataset_.view(), split_, *chosen_.engine, checkpoint_,
                    {.observer = observer,
                     .stop_requested = on_any_rank(world_, stop_requested),
                     .log = [&](const EpochMetrics& epoch) { writer.append(epoch); },
                     .checkpoint_due = on_any_rank(world_, checkpoint_due),
                     .save = save});
  chosen_.engine->end_training();
  writer.finish();
  metrics.sync();
  checkpoint_.seconds_wall = seconds_before + watch.seconds();
  return end;
}

Evaluation TrainingRun::finish() {
  folder_.write_model(network_, checkpoint_.state.eval_parameters(), dataset_.classes,
                      checkpoint_.arithmetic);
  const Stopwatch watch;
  Evaluation test = evaluate(*chosen_.engine, dataset_.view(), split_.test);
  const double seconds_test = watch.seconds();
  folder_.write_predictions(test.predictions);
  const RunResult result{.config = config_,
                         .dataset = dataset_,
                         .split = split_,
                         .network = network_,
                         .checkpoint = checkpoint_,
                         .test = test,
                         .device = chosen_.engine->device(),
                         .seconds_load = seconds_load_,
                         .seconds_test = seconds_test};
  folder_.write_summary(summary_json(result));
  folder_.write_report(html_report(result));
  if (fits_page(network_)) {
    const Model model{network_, checkpoint_.state.eval_parameters(), dataset_.classes};
    folder_.write_draw_page(export_html(model, [&] {
      return std::map<std::string, std::string>{{"test_accuracy", fmt::to_string(test.accuracy)}};
    }));
  }
  // Last, because drawing needs the most memory.
  std::string confusion;
  if (has_svg_to_png()) {
    confusion = svg_to_png(confusion_svg(test, dataset_.classes));
    folder_.write_charts(confusion, svg_to_png(curves_svg(checkpoint_.history)));
  }
  if (events_) {
    events_->add_result(result, confusion);
  }
  return test;
}

}  // namespace qmnist
