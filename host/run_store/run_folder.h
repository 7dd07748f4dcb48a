#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "host/file_descriptor.h"
#include "host/json.h"
#include "host/model/network.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// Names of a run's files; docs/usage.md describes their content.
namespace run_file {
inline constexpr std::string_view kConfig = "config.json";
inline constexpr std::string_view kMetrics = "metrics.jsonl";
inline constexpr std::string_view kMetricsTable = "metrics.csv";
inline constexpr std::string_view kSummary = "summary.json";
inline constexpr std::string_view kPredictions = "predictions.csv";
inline constexpr std::string_view kModel = "model.safetensors";
inline constexpr std::string_view kReport = "report.html";
inline constexpr std::string_view kDrawPage = "draw.html";
inline constexpr std::string_view kConfusionChart = "confusion.png";
inline constexpr std::string_view kCurvesChart = "curves.png";
/// Of the names of TensorBoard's files.
inline constexpr std::string_view kEventsStart = "events.out.tfevents.";
inline constexpr std::string_view kCheckpoint = "checkpoint.safetensors";
inline constexpr std::string_view kTimes = "times.json";
/// Subfolder with the files of the previous run.
inline constexpr std::string_view kPrevious = "previous";
}  // namespace run_file

/// First line of predictions.csv.
inline constexpr std::string_view kPredictionColumns = "index,label,prediction,confidence";

/// What is to happen where another process has a folder's lock.
enum class WhenLocked { kThrow, kWait };

/// The folder with a run's results. What this class writes is written atomically.
class RunFolder {
 public:
  /// Creates the folder if it does not exist, locks it for this process and removes temporary files
  /// that a killed run left. @throws UsageError if it cannot be created or locked
  explicit RunFolder(std::filesystem::path path, WhenLocked when_locked = WhenLocked::kThrow);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path file(std::string_view name) const { return path_ / name; }

  /// Moves the previous run's files to previous/ and overwrites the files there.
  /// @return whether there were any
  [[nodiscard]] bool archive_previous_run() const;

  void write_config(const Json& values) const;
  void write_summary(const Json& summary) const;
  void write_predictions(std::span<const Prediction> predictions) const;
  /// @param arithmetic of the steps that trained it: kArithmetic or kArithmeticWithCublas
  void write_model(const Network& network, std::span<const float> parameters,
                   std::span<const std::string> classes, std::string_view arithmetic) const;
  void write_report(std::string_view html) const;
  void write_draw_page(std::string_view html) const;
  void write_charts(std::string_view confusion_png, std::string_view curves_png) const;

 private:
  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace qmnist
