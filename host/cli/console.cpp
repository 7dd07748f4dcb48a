#include "host/cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "host/cli/output.h"
#include "host/cli/terminal.h"
#include "host/format/text.h"
#include "host/format/training_text.h"

namespace qmnist {
namespace {

using std::chrono::milliseconds;

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

std::string step_time_text(double seconds) {
  return seconds < 1e-3 ? fmt::format("{:.0f}us/step", seconds * 1e6)
                        : fmt::format("{:.1f}ms/step", seconds * 1e3);
}

}  // namespace

void QuietObserver::on_collapse(std::size_t epoch, const ChanceLevel& found) {
  if (!std::exchange(has_warned_, true)) {
    print_warning(
        fmt::format("epoch {}: {}", epoch,
                    chance_level_text(found, classes_, "sampled training images", learning_rate_)));
  }
}

ConsoleObserver::ConsoleObserver(const Config& config, std::span<const std::string> classes,
                                 std::size_t samples)
    : QuietObserver(config.optimizer.learning_rate, classes),
      epochs_(config.training.epochs),
      samples_(samples),
      batch_size_(config.training.batch_size),
      is_terminal_(isatty(STDOUT_FILENO) == 1),
      is_unicode_(environment_is_utf8()) {}

std::size_t ConsoleObserver::steps(std::size_t samples) const {
  return (samples + batch_size_ - 1) / batch_size_;
}

std::string ConsoleObserver::bar(double done) const {
  constexpr std::size_t kMaxLength = 30;
  constexpr std::size_t kRestOfLine = 72;  // with five-figure step counts and a time in minutes
  const std::size_t columns = is_terminal_ ? terminal_columns() : 0;
  if (columns <= kRestOfLine) {
    return "";
  }
  const std::size_t length = std::min(kMaxLength, columns - kRestOfLine);
  const auto filled = static_cast<std::size_t>(done * static_cast<double>(length));
  return " " + repeat(is_unicode_ ? "━" : "=", filled) +
         repeat(is_unicode_ ? "─" : ".", length - filled);
}

std::string ConsoleObserver::running_line(const RunningMetrics& running, double seconds) const {
  const std::size_t done = steps(running.samples);
  const std::size_t total = steps(samples_);
  const double step_seconds = seconds / static_cast<double>(std::max(done - first_step_, 1UL));
  const double left = step_seconds * static_cast<double>(total - done);
  return fmt::format("{:>{}}/{}{} {} - ETA {} - accuracy: {:.4f} - loss: {:.4f}", done,
                     std::to_string(total).size(), total,
                     bar(static_cast<double>(done) / static_cast<double>(total)),
                     step_time_text(step_seconds), time_text(left), running.accuracy(),
                     running.loss());
}

void ConsoleObserver::on_epoch_begin(std::size_t epoch, const RunningMetrics& done) {
  epoch_ = epoch;
  first_step_ = steps(done.samples);
  epoch_watch_ = Stopwatch();
  last_drawn_ = Clock::now();
  if (is_terminal_) {
    print_out("Epoch {}/{}\n", epoch, epochs_);
    flush_output();
  }
}

void ConsoleObserver::on_progress(const RunningMetrics& running) {
  constexpr milliseconds kRedraw{100};
  constexpr milliseconds kPlainLine{10000};
  running_ = running;
  if (running.samples == samples_) {
    return;  // on_epoch_end() prints the line
  }
  const Clock::time_point now = Clock::now();
  if (now - last_drawn_ < (is_terminal_ ? kRedraw : kPlainLine)) {
    return;
  }
  last_drawn_ = now;
  const std::string line = running_line(running, epoch_watch_.seconds());
  if (is_terminal_) {
    print_out("\r{}\x1b[K", line);
  } else {
    print_out("Epoch {}/{} - {}\n", epoch_, epochs_, line);
  }
  flush_output();
}

void ConsoleObserver::on_epoch_end(const EpochMetrics& metrics) {
  const std::size_t total = steps(samples_);
  const double here = epoch_watch_.seconds();
  std::string line =
      fmt::format("{}/{}{} {:.1f}s {} - accuracy: {:.4f} - loss: {:.4f}", total, total, bar(1),
                  metrics.seconds, step_time_text(here / static_cast<double>(total - first_step_)),
                  metrics.accuracy, metrics.loss);
  if (metrics.validation) {
    line += fmt::format(" - val_accuracy: {:.4f} - val_loss: {:.4f}", metrics.validation->accuracy,
                        metrics.validation->loss);
  }
  if (is_terminal_) {
    print_out("\r{}\x1b[K\n", line);
  } else {
    print_out("Epoch {}/{} - {}\n", metrics.epoch, epochs_, line);
  }
  flush_output();
}

}  // namespace qmnist
