#include "host/run_store/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "host/atomic_file.h"
#include "host/error.h"
#include "host/model/arithmetic.h"
#include "host/model/model.h"
#include "host/model/safetensors.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

constexpr std::array kFiles{
    run_file::kCheckpoint,     run_file::kTimes,       run_file::kConfig,  run_file::kMetrics,
    run_file::kMetricsTable,   run_file::kModel,       run_file::kSummary, run_file::kPredictions,
    run_file::kConfusionChart, run_file::kCurvesChart, run_file::kReport,  run_file::kDrawPage};

/// The names of a run's files that are in a folder.
std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const std::string_view name : kFiles) {
    if (fs::is_regular_file(folder / name)) {
      names.emplace_back(name);
    }
  }
  std::error_code ignored;  // of a folder that is not there
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(run_file::kEventsStart)) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

/// Removes a run's files from a folder; other files stay.
void clear(const fs::path& folder) {
  for (const std::string& name : files_in(folder)) {
    std::error_code ignored;
    fs::remove(folder / name, ignored);
  }
}

FileDescriptor create_and_lock(const fs::path& folder, WhenLocked when_locked) {
  std::error_code reason;
  fs::create_directories(folder, reason);
  if (reason || !fs::is_directory(folder)) {
    throw UsageError(
        "{}: cannot create this folder ({}); choose another output.dir, such as "
        "--set output.dir=runs/baseline",
        folder.string(), reason ? reason.message() : "a file has that name");
  }
  FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // The kernel releases the lock when the process exits for any reason.
  const int kind = when_locked == WhenLocked::kWait ? LOCK_EX : LOCK_EX | LOCK_NB;
  if (!descriptor || ::flock(descriptor.get(), kind) != 0) {
    if (!descriptor || errno != EWOULDBLOCK) {
      throw UsageError("{}: cannot open and lock this folder ({}); set output.dir to another one",
                       folder.string(), std::generic_category().message(errno));
    }
    throw UsageError(
        "{}: another run is writing to this folder; wait for it, or set output.dir to "
        "another one",
        folder.string());
  }
  return descriptor;
}

}  // namespace

RunFolder::RunFolder(fs::path path, WhenLocked when_locked)
    : path_(std::move(path)), lock_(create_and_lock(path_, when_locked)) {
  for (const std::string_view name : kFiles) {
    std::error_code ignored;
    fs::remove(file(fmt::format("{}{}", name, kTemporaryEnding)), ignored);
  }
}

bool RunFolder::archive_previous_run() const {
  const fs::path previous = path_ / run_file::kPrevious;
  bool found = false;
  for (const std::string& name : files_in(path_)) {
    std::error_code reason;
    if (!found) {
      clear(previous);
      fs::create_directory(previous, reason);
    }
    fs::rename(file(name), previous / name, reason);
    if (reason) {
      throw UsageError("{}: cannot be moved to {}: {}; set output.dir to a writable folder",
                       file(name).string(), previous.string(), reason.message());
    }
    found = true;
  }
  return found;
}

void RunFolder::write_config(const Json& values) const {
  write_atomically(file(run_file::kConfig), values.dump(2) + "\n");
}

void RunFolder::write_summary(const Json& summary) const {
  write_atomically(file(run_file::kSummary), summary.dump(2) + "\n");
}

void RunFolder::write_predictions(std::span<const Prediction> predictions) const {
  std::string rows = fmt::format("{}\n", kPredictionColumns);
  for (const Prediction& row : predictions) {
    fmt::format_to(std::back_inserter(rows), "{},{},{},{:.6f}\n", row.index, row.label,
                   row.predicted, row.confidence);
  }
  write_atomically(file(run_file::kPredictions), rows);
}

void RunFolder::write_model(const Network& network, std::span<const float> parameters,
                            std::span<const std::string> classes,
                            std::string_view arithmetic) const {
  Safetensors content = to_content(network, parameters, classes);
  content.metadata[kArithmeticKey] = arithmetic;
  write_safetensors(file(run_file::kModel), content);
}

void RunFolder::write_draw_page(std::string_view html) const {
  write_atomically(file(run_file::kDrawPage), html);
}

void RunFolder::write_report(std::string_view html) const {
  write_atomically(file(run_file::kReport), html);
}

void RunFolder::write_charts(std::string_view confusion_png, std::string_view curves_png) const {
  write_atomically(file(run_file::kConfusionChart), confusion_png);
  write_atomically(file(run_file::kCurvesChart), curves_png);
}

}  // namespace qmnist
