#include "host/cli/export_command.h"

#include <map>

#include "host/atomic_file.h"
#include "host/cli/output.h"
#include "host/export/exporters.h"
#include "host/format/text.h"
#include "host/model/model.h"
#include "host/run_store/run_folder.h"
#include "host/run_store/run_record.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// Test accuracy and config of the run that a model is from, if they are in its folder. The
/// config's paths, which are of this machine, are left out.
std::map<std::string, std::string> run_metadata(const fs::path& source) {
  std::map<std::string, std::string> metadata;
  const fs::path summary = source.parent_path() / run_file::kSummary;
  if (fs::exists(summary)) {
    const Json accuracy = read_run_json(summary).value("test_accuracy", Json());
    if (accuracy.is_number()) {  // a sweep's summary.json has an object there
      metadata["test_accuracy"] = accuracy.dump();
    }
  }
  const fs::path config = source.parent_path() / run_file::kConfig;
  if (fs::exists(config)) {
    Json values = read_run_json(config);
    for (const char* section : {"data", "output"}) {
      if (values.contains(section) && values[section].is_object()) {
        values[section].erase("dir");
      }
    }
    metadata["config"] = values.dump();
  }
  return metadata;
}

std::string usage_of(const Exporter& exporter, const fs::path& file) {
  std::string line(exporter.usage);
  return line.replace(line.find('%'), 1, file.string());
}

}  // namespace

ExitStatus export_command(const ExportOptions& options) {
  const Exporter& exporter = find_exporter(options.format, options.input);
  const fs::path source = model_file(options.model);
  const Model model = read_model(source);
  const fs::path output = options.output.empty() ? fs::path(exporter.file) : options.output;
  std::error_code is_not_there;
  if (fs::equivalent(source, output, is_not_there)) {
    throw UsageError("{}: is the model itself; name another file with --output", output.string());
  }
  const std::string content = exporter.write(model, [&source] { return run_metadata(source); });
  write_atomically(output, content);
  print_out("Wrote {}, {} bytes. To use it:\n  {}\n", output.string(), grouped(content.size()),
            usage_of(exporter, output));
  return ExitStatus::kDone;
}

}  // namespace qmnist
