#include "host/cli/train_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "host/cli/console.h"
#include "host/cli/interrupt.h"
#include "host/config/config.h"
#include "host/engines/make_engine.h"
#include "host/image/svg.h"
#include "host/report/charts.h"
#include "host/report/heat_map.h"
#include "host/report/html_report.h"
#include "host/report/run_folder.h"
#include "host/report/summary.h"
#include "host/report/text.h"
#include "host/stopwatch.h"
#include "host/trainer/trainer.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// As short as it can be said from the working folder.
std::string shown(const fs::path& path) {
  const fs::path relative = path.lexically_proximate(fs::current_path());
  const bool leaves = !relative.empty() && *relative.begin() == "..";
  return leaves ? path.string() : relative.string();
}

/// One training run from config to report, a step a member.
class TrainingRun {
 public:
  TrainingRun(const TrainOptions& options, const Stopwatch& since_start)
      : options_(options),
        config_(load_config(options.config, options.overrides)),
        dataset_(load_dataset(config_.data.dir, config_.data.source)),
        split_(split_dataset(dataset_.count(), config_.data.test_fraction, config_.data.split_seed,
                             config_.data.validation_fraction)),
        network_(kPixels, config_.model.hidden, kClasses),
        chosen_(
            make_engine(config_.device, {.network = network_,
                                         .adam = config_.optimizer,
                                         .batch_size = config_.training.batch_size,
                                         .threads = config_.training.threads,
                                         .device_index = config_.device_index,
                                         .math = config_.training.math,
                                         .seed = config_.training.seed,
                                         .augmentation = config_.augmentation,
                                         .dropout = config_.regularization.dropout,
                                         .label_smoothing = config_.regularization.label_smoothing,
                                         .schedule = schedule_of(config_, split_.train.size())})),
        folder_(config_.output.dir),
        seconds_load_(since_start.seconds()) {
    check_validation();
    resolve_config();
  }

  ExitStatus run() {
    if (!options_.quiet) {
      print_plan();
    }
    start_or_resume();
    const TrainingEnd end = train_network();
    if (end == TrainingEnd::kInterrupted) {
      return ExitStatus::kInterrupted;
    }
    say_end(end);
    evaluate_and_report();
    return ExitStatus::kDone;
  }

 private:
  void check_validation() const {
    if (config_.training.early_stopping > 0 && split_.validation.empty()) {
      throw UsageError(
          "training.early_stopping is {}, but no digits are held back to validate on; set "
          "data.validation_fraction to 0.1, say, or training.early_stopping to 0",
          config_.training.early_stopping);
    }
  }

  /// Puts what was chosen in place of "auto" and 0, so that config.json gives the same run again.
  void resolve_config() {
    Json& values = config_.values;
    values["data"]["source"] =
        choice_name("data.source", static_cast<std::size_t>(dataset_.source));
    values["device"] = choice_name("device", static_cast<std::size_t>(chosen_.device));
    values["training"]["threads"] = chosen_.threads;
    config_ = to_config(values);
  }

  void print_plan() const {
    fmt::print("qmnist_gpu {}\n", QMNIST_VERSION);
    fmt::print("data      {}, {} digits of {} x {} in {}\n", dataset_.name,
               grouped(dataset_.count()), kImageSide, kImageSide, shown(config_.data.dir));
    if (dataset_.source == DataSource::kMnist) {
      fmt::print("          (QMNIST's 120,000, which the notebook used: scripts/download)\n");
    }
    fmt::print("split     {} to train, {}{} to test (scikit-learn's, seed {})\n",
               grouped(split_.train.size()),
               split_.validation.empty()
                   ? ""
                   : fmt::format("{} to validate, ", grouped(split_.validation.size())),
               grouped(split_.test.size()), config_.data.split_seed);
    fmt::print("model     {} inputs\n{}", kPixels, network_table(network_));
    fmt::print("device    {}\n", chosen_.engine->device());
    if (!chosen_.reason.empty()) {
      fmt::print("          ({})\n", chosen_.reason);
    }
    fmt::print("training  {} epochs, batches of {}, Adam with learning rate {}, seed {}\n",
               config_.training.epochs, config_.training.batch_size,
               schedule_text(config_.schedule), config_.training.seed);
    fmt::print("output    {}\n", shown(folder_.path()));
    (void)std::fflush(stdout);
  }

  void start_or_resume() {
    const fs::path saved = folder_.file(run_file::kCheckpoint);
    if (options_.resume && fs::exists(saved)) {
      checkpoint_ = read_checkpoint(saved, network_, config_, dataset_);
      check_epochs();
      say("Resuming after epoch {} and {} digits of the next\n", checkpoint_.finished_epochs(),
          grouped(checkpoint_.running.samples));
    } else {
      checkpoint_.state = initial_state(network_, config_.training.seed);
      if (folder_.set_aside_earlier_run()) {
        say("The earlier run there was moved to {}\n", shown(folder_.file(run_file::kPrevious)));
      }
      if (options_.resume) {
        say("There is no checkpoint to resume from yet: starting from the beginning\n");
      }
    }
    folder_.write_config(config_.values);
    chosen_.engine->set_state(checkpoint_.state);
    say("\n");
  }

  void check_epochs() const {
    const std::size_t begun =
        checkpoint_.finished_epochs() + (checkpoint_.running.samples > 0 ? 1 : 0);
    if (config_.training.epochs < begun) {
      throw UsageError(
          "training.epochs is {}, but this run is in epoch {} already; resume with at "
          "least that many, or start anew without --resume",
          config_.training.epochs, begun);
    }
  }

  TrainingEnd train_network() {
    ConsoleObserver console(config_.training.epochs, split_.train.size(),
                            config_.training.batch_size);
    SilentObserver silent;
    const TrainingHooks hooks{
        .observer = options_.quiet ? static_cast<TrainingObserver&>(silent) : console,
        .stop_requested = interrupt_requested,
        .save = [this](const Checkpoint& checkpoint) {
          write_checkpoint(folder_.file(run_file::kCheckpoint), checkpoint, network_, config_,
                           dataset_);
          folder_.write_metrics(checkpoint.history);
        }};
    const TrainingEnd end =
        train(config_, dataset_.view(), split_, *chosen_.engine, checkpoint_, hooks);
    if (end == TrainingEnd::kInterrupted) {
      say("\nInterrupted and saved after epoch {} and {} digits of the next; the same command with "
          "--resume goes on\n",
          checkpoint_.finished_epochs(), grouped(checkpoint_.running.samples));
    }
    return end;
  }

  void say_end(TrainingEnd end) const {
    if (end == TrainingEnd::kStoppedEarly) {
      say("\nThe validation loss has not fallen since epoch {}: training ended, and the weights of "
          "that epoch are restored\n",
          checkpoint_.best->epoch);
    } else if (checkpoint_.best) {
      say("\nThe weights of epoch {} are restored, whose validation loss is the least\n",
          checkpoint_.best->epoch);
    }
  }

  void evaluate_and_report() {
    folder_.write_metrics(checkpoint_.history);
    folder_.write_model(network_, checkpoint_.state.parameters);
    const Stopwatch watch;
    const Evaluation test = evaluate(*chosen_.engine, dataset_.view(), split_.test);
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
    folder_.write_charts(svg_to_png(confusion_svg(test)),
                         svg_to_png(curves_svg(checkpoint_.history)));
    folder_.write_report(html_report(result));
    say("\nConfusion matrix of the {} test digits\n{}\n{}\n", grouped(split_.test.size()),
        confusion_table(test), per_class_table(test));
    say("Test accuracy {}, loss {:.4f}\nSaved in {}: {}\n", accuracy_text(test), test.loss,
        shown(folder_.path()),
        "report.html, model.safetensors, summary.json, predictions.csv, metrics.csv, "
        "confusion.png, curves.png");
  }

  template <typename... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    if (!options_.quiet) {
      fmt::print(format, std::forward<Args>(args)...);
      (void)std::fflush(stdout);
    }
  }

  const TrainOptions& options_;
  Config config_;
  Dataset dataset_;
  Split split_;
  Network network_;
  ChosenEngine chosen_;
  RunFolder folder_;
  double seconds_load_;
  Checkpoint checkpoint_;
};

}  // namespace

ExitStatus train_command(const TrainOptions& options) {
  return TrainingRun(options, Stopwatch()).run();
}

}  // namespace qmnist
