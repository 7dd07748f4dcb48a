#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/cli/command.h"
#include "host/export/onnx.h"

namespace qmnist {

/// The command line of an export.
struct ExportOptions {
  std::filesystem::path model;     ///< run folder or file
  std::string format;              ///< onnx, npz, safetensors or cpp
  std::optional<OnnxInput> input;  ///< of onnx alone; nothing for uint8
  std::filesystem::path output;    ///< empty: named after the format, in the working folder
};

/// Writes a model in another program's format and prints how it is used there.
/// @throws Error; UsageError also where the output would replace the model itself.
[[nodiscard]] ExitStatus export_command(const ExportOptions& options);

}  // namespace qmnist
