#pragma once

#include <filesystem>

#include "host/cli/command.h"

namespace qmnist {

/// Says what this program is, what it was built with, on what it would run and which digits lie in
/// the folder `data`.
[[nodiscard]] ExitStatus info_command(const std::filesystem::path& data);

}  // namespace qmnist
