#pragma once

#include <optional>

#include "host/cli/train_command.h"

namespace qmnist {

/// Reads the command line. @return nothing where it asked for help or the version, which have then
/// been printed. @throws UsageError
[[nodiscard]] std::optional<TrainOptions> parse_command_line(int argc, const char* const* argv);

}  // namespace qmnist
