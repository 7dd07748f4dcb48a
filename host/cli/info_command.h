#pragma once

#include <filesystem>

#include "host/cli/command.h"

namespace qmnist {

struct InfoOptions {
  std::filesystem::path data = "data";  ///< folder to look for data files in
  std::filesystem::path augment;        ///< PNG file for distorted images; empty for none
  std::filesystem::path config;         ///< with the augmentation settings; empty for typical ones
  bool schema = false;                  ///< print the JSON Schema of configs
  bool keys = false;                    ///< print a table of all config keys
};

/// Shows build, libraries, CPU, GPUs and dataset; or does the one thing that the options ask for.
/// @throws UsageError, DataError
[[nodiscard]] ExitStatus info_command(const InfoOptions& options);

}  // namespace qmnist
