#pragma once

#include <filesystem>
#include <vector>

#include "host/cli/command.h"

namespace qmnist {

/// Command-line options of `compare`.
struct CompareOptions {
  std::vector<std::filesystem::path> runs;  ///< folders of finished runs, two or more
  std::filesystem::path html;               ///< HTML file to write; empty for none
};

/// Compares runs with the first one and prints the tables. @throws Error
[[nodiscard]] ExitStatus compare_command(const CompareOptions& options);

}  // namespace qmnist
