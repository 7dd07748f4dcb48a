#include "host/cli/train_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/cli/console.h"
#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/read_data.h"
#include "host/cli/terminal.h"
#include "host/export/html_page.h"
#include "host/format/class_tables.h"
#include "host/format/text.h"
#include "host/format/training_text.h"
#include "host/image/svg.h"
#include "host/run/rank_run.h"
#include "host/run/training_run.h"
#include "host/world/join_world.h"
#include "host/world/rank_threads.h"

namespace qmnist {
namespace {

ExitStatus status_of(TrainingEnd end, const TrainingSettings& training) {
  if (end == TrainingEnd::kInterrupted) {
    return ExitStatus::kInterrupted;
  }
  const bool missed = training.target_accuracy > 0 && end != TrainingEnd::kTargetReached;
  return missed ? ExitStatus::kTargetMissed : ExitStatus::kDone;
}

/// A training run that reports to the terminal.
class TrainCommand {
 public:
  TrainCommand(const TrainOptions& options, const Config& config, const Dataset& dataset,
               const Stopwatch& since_start, World& world)
      : options_(options), world_(world), run_(config, dataset, since_start, {}, world) {}

  ExitStatus run() {
    if (!options_.quiet) {
      print_plan();
    }
    start_or_resume();
    const TrainingEnd end = train_network();
    if (end != TrainingEnd::kInterrupted) {
      print_end(end);
      evaluate_and_report();
    }
    return status_of(end, run_.config().training);
  }

 private:
  void print_plan() const {
    const Config& config = run_.config();
    const Dataset& dataset = run_.dataset();
    const Split& split = run_.split();
    print_out("qmnist_gpu {}\n", QMNIST_VERSION);
    print_out("{}", dataset_lines(dataset, display_path(config.data.dir)));
    if (dataset.is_mnist && dataset.source == "mnist") {
      print_out("          (scripts/download fetches QMNIST's 120,000, which the notebook used)\n");
    }
    print_out("split     {} training, {}{} test images ({})\n", grouped(split.train.size()),
              split.validation.empty()
                  ? ""
                  : fmt::format("{} validation, ", grouped(split.validation.size())),
              grouped(split.test.size()), split_rule_text(config.data));
    print_out("model     {} inputs\n{}", kPixels, network_table(run_.network()));
    print_out("device    {}\n", run_.chosen().engine->device());
    if (!run_.chosen().reason.empty()) {
      print_out("          ({})\n", run_.chosen().reason);
    }
    if (world_.size() > 1) {
      const std::size_t threads = config.training.threads;
      print_out("ranks     {}, each with 1/{} of every batch and {}\n", world_.size(),
                world_.size(),
                engine_kind(run_.chosen().device).is_numbered
                    ? "a GPU"
                    : fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"));
    }
    print_out("memory    {}\n", budget_text(run_.chosen().memory));
    print_out("training  {} epochs, batches of {}, {} with learning rate {}, seed {}\n",
              config.training.epochs, config.training.batch_size, optimizer_text(config.optimizer),
              schedule_text(config.schedule, config.optimizer.learning_rate), config.training.seed);
    if (config.augmentation.any()) {
      print_out("          data augmentation (on the fly): {}\n",
                augmentation_text(config.augmentation));
    }
    if (const std::string text = regularization_text(config); !text.empty()) {
      print_out("          {}\n", text);
    }
    if (config.teacher.any()) {
      print_out("teacher   {}\n", teacher_text(config.teacher));
    }
    print_out("output    {}\n", display_path(run_.folder().path()));
    flush_output();
  }

  void start_or_resume() {
    if (options_.resume && run_.resume()) {
      print("Resuming at {}\n", position());
    } else {
      if (run_.start()) {
        print("Moved the files of the previous run to {}\n",
              display_path(run_.folder().file(run_file::kPrevious)));
      }
      if (options_.resume) {
        print("No checkpoint to resume from: starting from the beginning\n");
      }
    }
    print("\n");
  }

  TrainingEnd train_network() {
    const ClassNames& classes = run_.dataset().classes;
    ConsoleObserver console(run_.config(), classes, run_.split().train.size());
    QuietObserver quiet(run_.config().optimizer.learning_rate, classes);
    const TrainingEnd end = run_.train(
        options_.quiet ? static_cast<TrainingObserver&>(quiet) : console, interrupt_requested);
    if (end == TrainingEnd::kInterrupted) {
      print("\nInterrupted and saved at {}; run the same command with --resume to continue\n",
            position());
    }
    return end;
  }

  /// The checkpoint's position: "epoch 3, sample 12,800".
  [[nodiscard]] std::string position() const {
    const Checkpoint& checkpoint = run_.checkpoint();
    return fmt::format("epoch {}, sample {}", checkpoint.finished_epochs() + 1,
                       grouped(checkpoint.running.samples));
  }

  void print_end(TrainingEnd end) const {
    const auto& best = run_.checkpoint().best;
    if (end == TrainingEnd::kStoppedEarly) {
      print("\nEarly stopping: no improvement since epoch {}; best weights restored\n",
            best->epoch);
    } else if (end == TrainingEnd::kLastEpoch && best) {
      print("\nRestored weights of epoch {} (lowest validation loss)\n", best->epoch);
    }
    if (run_.config().training.target_accuracy > 0) {
      print_target(end);
    }
  }

  void print_target(TrainingEnd end) const {
    const auto accuracy = [](const EpochMetrics& epoch) { return epoch.validation->accuracy; };
    const EpochMetrics& best = *std::ranges::max_element(run_.checkpoint().history, {}, accuracy);
    const bool reached = end == TrainingEnd::kTargetReached;
    print("\nTarget accuracy {} {}: {} {:.4f} in epoch {}\n",
          run_.config().training.target_accuracy, reached ? "reached" : "not reached",
          reached ? "validation accuracy" : "best validation accuracy", accuracy(best), best.epoch);
  }

  void evaluate_and_report() {
    const Evaluation test = run_.finish();
    print("\nConfusion matrix of the {} test images\n{}\n{}\n", grouped(run_.split().test.size()),
          confusion_table(test, run_.dataset().classes),
          per_class_table(test, run_.dataset().classes));
    print("Test accuracy {}, loss {:.4f}\nSaved in {}: {}, predictions.csv, metrics.csv{}\n",
          accuracy_text(test), test.loss, display_path(run_.folder().path()),
          fits_page(run_.network()) ? "report.html, draw.html, model.safetensors, summary.json"
                                    : "report.html, model.safetensors, summary.json",
          has_svg_to_png() ? ", confusion.png, curves.png" : "");
    if (!has_svg_to_png()) {
      print("No confusion.png and curves.png: {}\n", kNoPngCharts);
    }
    if (const std::string warning =
            test_warning(test, run_.dataset().classes, run_.config().optimizer.learning_rate);
        !warning.empty()) {
      print_warning(warning);
    }
  }

  /// Prints unless --quiet is given.
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) const {
    if (!options_.quiet) {
      print_out(format, std::forward<Args>(args)...);
      flush_output();
    }
  }

  const TrainOptions& options_;
  World& world_;
  TrainingRun run_;
};

/// Completes the config of one of several ranks.
void prepare_for_ranks(Config& config, World& world) {
  // Where these differ, ranks would wait for one another; what else must not is checked later.
  const std::string here =
      fmt::format("device {}, training.epochs {}", config.device, config.training.epochs);
  if (const std::string of_rank_0 = broadcast(world, here); of_rank_0 != here) {
    throw UsageError(
        "a rank has {}, but rank 0 has {}; start all ranks with the same config and options", here,
        of_rank_0);
  }
  if (config.training.slices % world.size() != 0) {
    throw UsageError(
        "training.slices is {}, but {} ranks share a batch; set it to {} or a multiple (the model "
        "depends on it, not on the number of ranks)",
        config.training.slices, world.size(), world.size());
  }
  if (config.device == kAutoDevice) {
    config.device = device_for_ranks(world, true);
  }
  if (config.training.threads == 0) {
    config.training.threads = threads_of_rank(world);
  }
}

ExitStatus run_as_rank(const Config& config, const Dataset& dataset, World& world) {
  return status_of(train_as_rank(config, dataset, world, interrupt_requested), config.training);
}

}  // namespace

ExitStatus train_command(const TrainOptions& options) {
  const Stopwatch since_start;
  ignore_broken_pipe();
  World& world = join_world();
  Config config = load_config(options.config, options.overrides);
  if (world.size() > 1) {
    catch_repeated_interrupts();
    prepare_for_ranks(config, world);
  }
  const Dataset dataset = read_data(config.data);
  return world.rank() == 0 ? TrainCommand(options, config, dataset, since_start, world).run()
                           : run_as_rank(config, dataset, world);
}

}  // namespace qmnist
