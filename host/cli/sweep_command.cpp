#include "host/cli/sweep_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "host/atomic_file.h"
#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/terminal.h"
#include "host/engines/engine_kinds.h"
#include "host/html/html.h"
#include "host/image/svg.h"
#include "host/run/engine_settings.h"
#include "host/run/run_memory.h"
#include "host/stopwatch.h"
#include "host/sweep/results.h"
#include "host/system/available_cpus.h"

namespace qmnist {
namespace {

/// Shows a sweep on standard output: a line for each trial, and on a terminal a line that moves.
class SweepConsole final : public SweepObserver {
 public:
  explicit SweepConsole(const Sweep& sweep)
      : sweep_(sweep),
        digits_left_(sweep.epochs_left() * sweep.split().train.size()),
        is_terminal_(isatty(STDOUT_FILENO) == 1) {
    for (const Rung& rung : sweep.rungs()) {
      ends_ += rung.trials;
    }
  }

  void on_progress(std::size_t digits) override {
    constexpr double kRedraw = 0.1;  // seconds
    const std::lock_guard lock(mutex_);
    digits_done_ += digits;
    if (is_terminal_ && watch_.seconds() > next_drawing_) {
      next_drawing_ = watch_.seconds() + kRedraw;
      print_out("\r{}/{} done, {} left\x1b[K", ended_, ends_, time_text(seconds_left()));
      flush_output();
    }
  }

  void on_trial_end(std::size_t trial, const TrialResult& result, bool is_new) override {
    const std::lock_guard lock(mutex_);
    ++ended_;
    if (is_new) {
      print_out("{}{}/{} trial {:03}, {}: {}, {} left\n", is_terminal_ ? "\r\x1b[K" : "", ended_,
                ends_, trial, parameters_text(sweep_.trials()[trial].parameters), outcome(result),
                time_text(seconds_left()));
      flush_output();
    }
  }

 private:
  [[nodiscard]] double seconds_left() const {
    const std::size_t left = digits_left_ - std::min(digits_left_, digits_done_);
    return watch_.seconds() * static_cast<double>(left) /
           static_cast<double>(std::max(digits_done_, std::size_t{1}));
  }

  [[nodiscard]] std::string outcome(const TrialResult& result) const {
    if (!result.failure.empty()) {
      return "failed: " + one_line(result.failure);
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

  const Sweep& sweep_;
  std::size_t digits_left_;
  bool is_terminal_;
  std::mutex mutex_;
  std::size_t digits_done_ = 0;
  std::size_t ends_ = 0;  ///< of trials at rungs, in all
  std::size_t ended_ = 0;
  Stopwatch watch_;
  double next_drawing_ = 0;  ///< on that watch
};

class SilentSweepObserver final : public SweepObserver {
 public:
  void on_progress(std::size_t /*digits*/) override {}
  void on_trial_end(std::size_t /*trial*/, const TrialResult& /*result*/,
                    bool /*is_new*/) override {}
};

std::size_t trials_begun(const Sweep& sweep) {
  return static_cast<std::size_t>(std::ranges::count_if(sweep.trials(), [](const Trial& trial) {
    return std::filesystem::exists(trial.config.output.dir / run_file::kCheckpoint);
  }));
}

std::size_t trials_tested(const Sweep& sweep) {
  return static_cast<std::size_t>(std::ranges::count_if(
      sweep.results(), [](const TrialResult& result) { return result.test.has_value(); }));
}

/// Memory that the trials which need most of it take, as many as train at once.
std::size_t bytes_at_once(const Sweep& sweep, std::string_view device) {
  std::vector<std::size_t> needs;
  for (const Trial& trial : sweep.trials()) {
    needs.push_back(bytes_of_run(trial.config, device));
  }
  std::ranges::sort(needs, std::greater());
  const auto end = needs.begin() + static_cast<std::ptrdiff_t>(sweep.jobs());
  return std::accumulate(needs.begin(), end, std::size_t{0});
}

void print_plan(const Sweep& sweep, const Dataset& dataset, const ChosenEngine& chosen,
                const MemoryBudget& memory) {
  const Config& base = sweep.config().base;
  const Split& split = sweep.split();
  print_out("qmnist_gpu {}\n", QMNIST_VERSION);
  print_out("data      {}, {} digits of {} x {} in {}\n", dataset.name, grouped(dataset.count()),
            kImageSide, kImageSide, shown(base.data.dir));
  print_out("split     {} to train, {} to validate, {} to test\n", grouped(split.train.size()),
            grouped(split.validation.size()), grouped(split.test.size()));
  print_out("device    {}\n", chosen.engine->device());
  if (!chosen.reason.empty()) {
    print_out("          ({})\n", chosen.reason);
  }
  print_out("memory    {}\n", budget_text(memory));
  print_out("sweep     {} trials, {} at a time\n", sweep.trials().size(), sweep.jobs());
  if (sweep.config().search == Search::kHalving) {
    for (const Rung& rung : sweep.rungs()) {
      print_out("          {} of them to epoch {}\n", rung.trials, rung.epochs);
    }
  }
  if (trials_begun(sweep) > 0) {
    print_out("          {} begun earlier, {} of these finished\n", trials_begun(sweep),
              trials_tested(sweep));
  }
  print_out("output    {}\n\n", shown(base.output.dir));
  flush_output();
}

/// Refuses what cannot work once, not in each trial, and prints the plan.
void check_plan(const Sweep& sweep, const Dataset& dataset, bool quiet) {
  const Config& base = sweep.config().base;
  const Network network(kPixels, base.model.hidden, kClasses);
  EngineSettings settings = engine_settings(base, network, sweep.split().train.size());
  settings.threads = sweep.threads();
  const ChosenEngine chosen = make_engine(base.device, std::move(settings));
  const MemoryBudget memory =
      require_memory(bytes_at_once(sweep, chosen.device),
                     "--jobs, or model.hidden or training.batch_size of the trials");
  if (!quiet) {
    print_plan(sweep, dataset, chosen, memory);
  }
}

std::string page(const Sweep& sweep, const Table& table, std::string_view chart) {
  const std::string name = sweep.config().base.output.dir.filename().string();
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n</header>\n<main>\n", escaped(name));
  if (sweep.config().is_repetition()) {
    body += "<p>" + repetition_text(sweep) + "</p>\n";
  }
  body += html_table(table, "numbers") + std::string(chart) + "<p>Reports of finished trials:";
  for (std::size_t trial = 0; trial < sweep.trials().size(); ++trial) {
    if (sweep.results()[trial].test) {
      body += fmt::format(" <a href=\"{0:03}/report.html\">{0:03}</a>", trial);
    }
  }
  return html_page(name, "", body + "</p>\n</main>\n");
}

/// Writes what the sweep found into its folder, and prints the table.
void report(const Sweep& sweep, bool quiet) {
  const std::vector<Setting> settings = ranked_settings(sweep);
  const auto& folder = sweep.config().base.output.dir;
  write_atomically(folder / "results.csv", results_csv(sweep));
  if (settings.empty()) {
    throw UsageError("all {} trials failed; the first: {}", sweep.trials().size(),
                     sweep.results().front().failure);
  }
  const Table table = settings_table(sweep, settings);
  const std::string chart = settings_chart(sweep, settings);
  if (has_svg_to_png()) {
    write_atomically(folder / "results.png", svg_to_png(chart));
  }
  write_atomically(folder / "sweep.html", page(sweep, table, chart));
  if (quiet) {
    return;
  }
  print_out("\n{}\n", text_table(table));
  if (sweep.config().is_repetition()) {
    print_out("{}\n", repetition_text(sweep));
  }
  print_out("Saved in {}: sweep.html, results.csv, {}a run folder for each trial\n", shown(folder),
            has_svg_to_png() ? "results.png, " : "");
  if (!has_svg_to_png()) {
    print_out("No results.png: {}\n", kNoPngCharts);
  }
}

}  // namespace

ExitStatus sweep_command(const SweepOptions& options) {
  outlive_closed_pipe();
  const SweepConfig config = load_sweep(options.config);
  const Dataset dataset = load_dataset(config.base.data.dir, config.base.data.source);
  Sweep sweep(config, dataset, options.jobs > 0 ? options.jobs : available_cpus());
  check_plan(sweep, dataset, options.quiet);
  SweepConsole console(sweep);
  SilentSweepObserver silent;
  if (!sweep.run(options.quiet ? static_cast<SweepObserver&>(silent) : console,
                 interrupt_requested)) {
    if (!options.quiet) {
      print_out("\nInterrupted and saved with {} of {} trials finished; the same command goes on\n",
                trials_tested(sweep), sweep.trials().size());
    }
    return ExitStatus::kInterrupted;
  }
  report(sweep, options.quiet);
  return ExitStatus::kDone;
}

}  // namespace qmnist
