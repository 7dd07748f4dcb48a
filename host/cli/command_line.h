#pragma once

#include "host/cli/command.h"

namespace qmnist {

/// Reads the command line. Help and version are printed here; their command then does nothing.
/// @throws UsageError
[[nodiscard]] Command parse_command_line(int argc, const char* const* argv);

}  // namespace qmnist
