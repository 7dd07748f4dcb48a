#pragma once

#include <filesystem>
#include <vector>

#include "host/cli/command.h"

namespace qmnist {

/// The command line of a comparison.
struct CompareOptions {
  std::vector<std::filesystem::path> runs;  ///< folders of finished runs, two or more
  std::filesystem::path html;               ///< also written there; empty: nowhere
};

/// Shows runs side by side. @throws Error
[[nodiscard]] ExitStatus compare_command(const CompareOptions& options);

}  // namespace qmnist
