#pragma once

#include <filesystem>
#include <string>

#include "host/cli/command.h"

namespace qmnist {

/// The command line of an export.
struct ExportOptions {
  std::filesystem::path model;   ///< run folder or file
  std::string format;            ///< name of an exporter
  std::string input;             ///< type of the exported model's input; empty: the default
  std::filesystem::path output;  ///< empty: the exporter's file name, in the working folder
};

/// Writes a model in another program's format and prints how to use it there.
/// @throws Error; UsageError also where the output would replace the model itself.
[[nodiscard]] ExitStatus export_command(const ExportOptions& options);

}  // namespace qmnist
