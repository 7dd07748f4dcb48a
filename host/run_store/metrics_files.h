#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "host/file_descriptor.h"
#include "host/run_store/run_folder.h"
#include "host/trainer/metrics.h"

namespace qmnist {

/// A run's metrics.jsonl and metrics.csv, which grow by a line per epoch.
///
/// Appended lines are not synced to disk one by one: a checkpoint holds the metrics of its epochs,
/// and a resumed run takes them from there.
/// All functions throw UsageError, naming the file and the system's reason, if writing fails.
class MetricsFiles {
 public:
  /// Replaces both files atomically by the epochs in `history`. A run that was killed may have left
  /// lines of epochs after its checkpoint, or half a line.
  /// @param has_validation whether epochs have metrics of a validation set: columns of the table
  MetricsFiles(const RunFolder& folder, std::span<const EpochMetrics> history, bool has_validation);

  void append(const EpochMetrics& metrics);

  /// Syncs both files to disk.
  void sync();

 private:
  struct File {
    File(std::filesystem::path at, std::string_view content);
    void append(std::string_view line) const;
    void sync() const;

    std::filesystem::path path;
    FileDescriptor descriptor;
  };

  File lines_;
  File table_;
};

}  // namespace qmnist
