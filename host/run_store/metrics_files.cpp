#include "host/run_store/metrics_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "host/atomic_file.h"
#include "host/write_file.h"

namespace qmnist {
namespace {

/// metrics.jsonl
std::string line_of(const EpochMetrics& metrics) {
  return to_json(metrics).dump() + "\n";
}

std::string lines_of(std::span<const EpochMetrics> history) {
  std::string lines;
  for (const EpochMetrics& metrics : history) {
    lines += line_of(metrics);
  }
  return lines;
}

/// metrics.csv
std::string row_of(const EpochMetrics& metrics) {
  std::string row;
  for (const Json& value : to_json(metrics)) {
    row += (row.empty() ? "" : ",") + value.dump();
  }
  return row + "\n";
}

std::string table_of(std::span<const EpochMetrics> history, bool has_validation) {
  EpochMetrics any{};
  if (has_validation) {
    any.validation.emplace();
  }
  const Json columns = to_json(any);
  std::string table;
  for (const auto& [name, value] : columns.items()) {
    table += (table.empty() ? "" : ",") + name;
  }
  table += "\n";
  for (const EpochMetrics& metrics : history) {
    table += row_of(metrics);
  }
  return table;
}

}  // namespace

MetricsFiles::File::File(std::filesystem::path at, std::string_view content)
    : path(std::move(at)), descriptor(-1) {
  write_atomically(path, content);
  descriptor = FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!descriptor) {
    throw_write_error(path);
  }
}

void MetricsFiles::File::append(std::string_view line) const {
  if (!write_all(descriptor, line)) {
    throw_write_error(path);
  }
}

void MetricsFiles::File::sync() const {
  if (::fsync(descriptor.get()) != 0) {
    throw_write_error(path);
  }
}

MetricsFiles::MetricsFiles(const RunFolder& folder, std::span<const EpochMetrics> history,
                           bool has_validation)
    : lines_(folder.file(run_file::kMetrics), lines_of(history)),
      table_(folder.file(run_file::kMetricsTable), table_of(history, has_validation)) {}

void MetricsFiles::append(const EpochMetrics& metrics) {
  lines_.append(line_of(metrics));
  table_.append(row_of(metrics));
}

void MetricsFiles::sync() {
  lines_.sync();
  table_.sync();
}

}  // namespace qmnist
