#include "host/cli/sweep_command.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "host/bytes_text.h"
#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/read_data.h"
#include "host/cli/terminal.h"
#include "host/engines/engine_kinds.h"
#include "host/format/training_text.h"
#include "host/image/svg.h"
#include "host/run/engine_settings.h"
#include "host/run/rank_run.h"
#include "host/run/run_memory.h"
#include "host/stopwatch.h"
#include "host/sweep/result_files.h"
#include "host/sweep/results.h"
#include "host/world/join_world.h"
#include "host/world/rank_threads.h"

namespace qmnist {
namespace {

std::size_t finished_trials(const sweep::Sweep& sweep) {
  return static_cast<std::size_t>(std::ranges::count_if(sweep.own_trials(), [&](std::size_t trial) {
    return sweep.results()[trial].test.has_value();
  }));
}

/// Prints a line per trial on standard output and, on a terminal, a progress line.
class SweepConsole final : public sweep::SweepObserver {
 public:
  explicit SweepConsole(const sweep::Sweep& sweep)
      : sweep_(sweep),
        samples_left_(sweep.epochs_left() * sweep.split().train.size()),
        is_terminal_(isatty(STDOUT_FILENO) == 1) {
    for (const sweep::Rung& rung : sweep.rungs()) {
      total_ += std::min(rung.trials, sweep.own_trials().size());
    }
    trials_left_ = sweep.own_trials().size() - finished_trials(sweep);
  }

  void on_progress(std::size_t samples) override {
    constexpr double kRedraw = 0.1;  // seconds
    const std::lock_guard lock(mutex_);
    samples_done_ += samples;
    if (is_terminal_ && watch_.seconds() > next_redraw_) {
      next_redraw_ = watch_.seconds() + kRedraw;
      print_out("\r{}/{} done, {} training, {} an hour, {} left\x1b[K", finished_, total_,
                sweep_.training(), grouped(trials_an_hour()), time_text(seconds_left()));
      flush_output();
    }
  }

  void on_trial_end(std::size_t trial, const sweep::TrialResult& result, bool is_new) override {
    const std::lock_guard lock(mutex_);
    ++finished_;
    if (is_new) {
      print_out("{}{}/{} trial {:03}, {}: {}, {} left\n", is_terminal_ ? "\r\x1b[K" : "", finished_,
                total_, trial, sweep::parameters_text(sweep_.trials()[trial].parameters),
                result_text(result), time_text(seconds_left()));
      flush_output();
    }
  }

 private:
  [[nodiscard]] double seconds_left() const {
    const std::size_t left = samples_left_ - std::min(samples_left_, samples_done_);
    return watch_.seconds() * static_cast<double>(left) /
           static_cast<double>(std::max(samples_done_, std::size_t{1}));
  }

  [[nodiscard]] std::size_t trials_an_hour() const {
    const double share = static_cast<double>(samples_done_) /
                         static_cast<double>(std::max(samples_left_, std::size_t{1}));
    return static_cast<std::size_t>(3600 * share * static_cast<double>(trials_left_) /
                                    watch_.seconds());
  }

  [[nodiscard]] std::string result_text(const sweep::TrialResult& result) const {
    if (result.failure) {
      return "failed: " + one_line(result.failure->message);
    }
    const std::string after =
        fmt::format("after epoch {}, {:.1f} s{}{}", result.epochs(), result.seconds(),
                    result.warning.empty() ? "" : "; warning: ", result.warning);
    if (const auto validation = result.validation()) {
      return fmt::format("validation accuracy {}, loss {:.4f} {}",
                         accuracy_text(validation->accuracy, sweep_.split().validation.size()),
                         validation->loss, after);
    }
    return fmt::format("test accuracy {}, loss {:.4f} {}",
                       accuracy_text(result.test->accuracy, sweep_.split().test.size()),
                       result.test->loss, after);
  }

  const sweep::Sweep& sweep_;
  std::size_t samples_left_;  ///< at the start
  std::size_t trials_left_;   ///< likewise
  bool is_terminal_;
  std::mutex mutex_;
  std::size_t samples_done_ = 0;
  std::size_t total_ = 0;  ///< trials of all rungs
  std::size_t finished_ = 0;
  Stopwatch watch_;
  double next_redraw_ = 0;  ///< seconds on `watch_`
};

class SilentSweepObserver final : public sweep::SweepObserver {
 public:
  void on_progress(std::size_t /*samples*/) override {}
  void on_trial_end(std::size_t /*trial*/, const sweep::TrialResult& /*result*/,
                    bool /*is_new*/) override {}
};

std::size_t started_trials(const sweep::Sweep& sweep) {
  return static_cast<std::size_t>(std::ranges::count_if(sweep.own_trials(), [&](std::size_t trial) {
    const auto& folder = sweep.trials()[trial].config.output.dir;
    return std::filesystem::exists(folder / run_file::kCheckpoint);
  }));
}

/// Memory in bytes for the largest trials, as many as train in parallel.
std::size_t peak_bytes(const sweep::Sweep& sweep, std::size_t classes, std::string_view device) {
  std::vector<std::size_t> sizes;
  for (const sweep::Trial& trial : sweep.trials()) {
    sizes.push_back(bytes_of_run(trial.config, network_of(trial.config, classes), device));
  }
  std::ranges::sort(sizes, std::greater());
  const auto end = sizes.begin() + static_cast<std::ptrdiff_t>(sweep.jobs());
  return std::accumulate(sizes.begin(), end, std::size_t{0});
}

/// The device of a sweep, chosen once, so that no trial takes another one.
struct SweepDevice {
  std::string name;    ///< of its kind, not "auto"
  std::string reason;  ///< for people; empty where this very device was asked for
};

SweepDevice choose_device(const Config& base, std::size_t classes, World& world) {
  if (base.device == kAutoDevice && world.size() > 1) {
    return {.name = device_for_ranks(world, false), .reason = ""};
  }
  if (base.device != kAutoDevice) {
    return {.name = base.device, .reason = ""};
  }
  const ChosenEngine chosen =
      make_engine(base.device, engine_settings(base, network_of(base, classes), 1));
  return {.name = chosen.device, .reason = chosen.reason};
}

/// @param base with the device that was chosen
sweep::SweepResources resources_of(const SweepOptions& options, const Config& base, World& world) {
  sweep::SweepResources resources{.jobs = options.jobs,
                                  .device_indices = {base.device_index},
                                  .shard = options.shard,
                                  .world = &world};
  if (options.device && !options.device->indices.empty()) {
    resources.device_indices = options.device->indices;
  }
  if (world.size() > 1) {
    resources.device_indices = {engine_kind(base.device).device_of_rank(world)};
    resources.cpus = threads_of_rank(world);
  }
  return resources;
}

/// What the trials will use.
struct Plan {
  std::vector<std::string> devices;  ///< in words
  MemoryBudget memory;               ///< of the host
  std::size_t device_bytes;          ///< of a trial's network
};

/// Checks the devices and the host's memory once instead of in each trial.
Plan check_plan(const sweep::Sweep& sweep, std::size_t classes) {
  const Config& base = sweep.config().base;
  Plan plan{.devices = {}, .memory = {}, .device_bytes = 0};
  for (const std::size_t index : sweep.device_indices()) {
    const EngineSettings settings = sweep.engine_settings_of(0, index);
    plan.devices.push_back(make_engine(base.device, settings).engine->device());
    plan.device_bytes = engine_kind(base.device).device_bytes(settings);
  }
  plan.memory = require_memory(peak_bytes(sweep, classes, base.device),
                               "--jobs, or model.hidden or training.batch_size of the trials");
  return plan;
}

void print_plan(const sweep::Sweep& sweep, const Dataset& dataset, const SweepDevice& device,
                const Plan& plan) {
  const Config& base = sweep.config().base;
  const Split& split = sweep.split();
  print_out("qmnist_gpu {}\n", QMNIST_VERSION);
  print_out("{}", dataset_lines(dataset, display_path(base.data.dir)));
  print_out("split     {} training, {} validation, {} test images ({})\n",
            grouped(split.train.size()), grouped(split.validation.size()),
            grouped(split.test.size()), split_rule_text(base.data));
  print_out("device    {}\n", fmt::join(plan.devices, "\n          "));
  if (!device.reason.empty()) {
    print_out("          ({})\n", device.reason);
  }
  print_out("memory    {}\n", budget_text(plan.memory));
  const std::size_t ranks = sweep.world().size();
  print_out("sweep     {} trials, {} in parallel{}{}\n", sweep.own_trials().size(), sweep.jobs(),
            ranks == 1 ? "" : fmt::format(" on each of {} ranks", ranks),
            plan.device_bytes == 0
                ? ""
                : fmt::format(", {} of GPU memory each", bytes_text(plan.device_bytes, 1)));
  if (const sweep::Shard shard = sweep.shard(); shard.count > 1) {
    print_out("          shard {} of {}, of {} trials in all\n", shard.index, shard.count,
              sweep.trials().size());
  }
  if (sweep.config().search == sweep::Search::kHalving) {
    for (const sweep::Rung& rung : sweep.rungs()) {
      print_out("          {} trials up to epoch {}\n", rung.trials, rung.epochs);
    }
  }
  if (const std::size_t started = started_trials(sweep); started > 0) {
    print_out("          resuming: {} trials started, {} of them finished\n", started,
              finished_trials(sweep));
  }
  print_out("output    {}\n\n", display_path(base.output.dir));
  flush_output();
}

/// Prints the result of a sweep.
void print_results(const sweep::Sweep& sweep, const sweep::ResultText& text) {
  print_out("\n{}\n", text_table(text.table));
  for (const std::string& sentence : text.repetition) {
    print_out("{}\n", sentence);
  }
  print_out("Saved in {}: sweep.html, results.csv, {}{}a run folder for each trial\n",
            display_path(sweep.config().base.output.dir),
            sweep.config().is_repetition() ? "summary.json, " : "",
            has_svg_to_png() ? "results.png, " : "");
  if (!has_svg_to_png()) {
    print_out("No results.png: {}\n", kNoPngCharts);
  }
}

/// Writes the results of a sweep whose trials have all ended, and prints them.
ExitStatus finish(const sweep::Sweep& sweep, const Dataset& dataset, bool quiet) {
  const sweep::ResultText text = write_results(sweep, dataset);
  if (!quiet) {
    print_results(sweep, text);
  }
  throw_failed_trials(sweep);
  return ExitStatus::kDone;
}

/// The end of a shard, which writes the results if it is the last.
ExitStatus finish_shard(sweep::Sweep& sweep, const Dataset& dataset, bool quiet) {
  sweep.read_other_shards();
  if (sweep.is_complete()) {
    // Another shard may write the same results now, and --collect those of before.
    const RunFolder lock(sweep.config().base.output.dir, WhenLocked::kWait);
    return finish(sweep, dataset, quiet);
  }
  if (!quiet) {
    print_out(
        "\nThis shard is done, others are not: the last one writes the results, or\n"
        "the same command with --collect instead of --shard\n");
  }
  throw_failed_trials(sweep);
  return ExitStatus::kDone;
}

ExitStatus collect(sweep::Sweep& sweep, const Dataset& dataset, bool quiet) {
  sweep.fail_unfinished();
  return finish(sweep, dataset, quiet);
}

/// The ranks that share the trials; shards are independent of one another.
World& join_world_for(const SweepOptions& options) {
  if (options.shard.count > 1 || options.collect) {
    return alone();
  }
  World& world = join_world();
  if (world.size() > 1) {
    catch_repeated_interrupts();
    if (options.device && !options.device->indices.empty()) {
      throw UsageError(
          "--device chooses GPUs by their numbers, but each of {} ranks takes its own; "
          "use --device {}",
          world.size(), options.device->name);
    }
  }
  return world;
}

/// Throws where this rank would train other trials than rank 0 hands out.
void require_sweep_of_rank_0(World& world, const sweep::Sweep& sweep, const Dataset& dataset) {
  std::string text;
  for (const sweep::Trial& trial : sweep.trials()) {
    text += config_json(trial.config).dump() + "\n";
  }
  for (const DataFile& file : dataset.files) {
    text += file.sha256 + "\n";
  }
  if (broadcast(world, text) != text) {
    throw UsageError(
        "its trials or data files are not those of rank 0; start all ranks with the same sweep "
        "file, options and data");
  }
}

}  // namespace

ExitStatus sweep_command(const SweepOptions& options) {
  ignore_broken_pipe();
  World& world = join_world_for(options);
  sweep::SweepConfig config =
      options.seeds > 0 ? sweep::seeds_sweep(options.config, options.overrides, options.seeds)
                        : sweep::load_sweep(options.config, options.overrides);
  const Dataset dataset = read_data(config.base.data);
  if (options.device) {
    config.base.device = options.device->name;
  }
  const SweepDevice device = choose_device(config.base, dataset.classes.size(), world);
  config.base.device = device.name;
  sweep::Sweep sweep(config, dataset, resources_of(options, config.base, world));
  if (options.collect) {
    return collect(sweep, dataset, options.quiet);
  }
  if (world.size() > 1) {
    require_sweep_of_rank_0(world, sweep, dataset);
  }
  SilentSweepObserver silent;
  if (world.rank() > 0) {
    return sweep.run(silent, interrupt_requested) ? ExitStatus::kDone : ExitStatus::kInterrupted;
  }
  const Plan plan = check_plan(sweep, dataset.classes.size());
  if (!options.quiet) {
    print_plan(sweep, dataset, device, plan);
  }
  SweepConsole console(sweep);
  if (!sweep.run(options.quiet ? static_cast<sweep::SweepObserver&>(silent) : console,
                 interrupt_requested)) {
    if (!options.quiet) {
      print_out("\nInterrupted with {} of {} trials finished; run the same command to resume\n",
                finished_trials(sweep), sweep.own_trials().size());
    }
    return ExitStatus::kInterrupted;
  }
  return sweep.shard().count > 1 ? finish_shard(sweep, dataset, options.quiet)
                                 : finish(sweep, dataset, options.quiet);
}

}  // namespace qmnist
