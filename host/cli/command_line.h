#pragma once

#include "host/cli/command.h"

namespace qmnist {

/// Parses the command line. Prints help and version itself and then returns a command that does
/// nothing.
/// @throws UsageError
[[nodiscard]] Command parse_command_line(int argc, const char* const* argv);

}  // namespace qmnist
