#pragma once

#include <filesystem>

#include "host/cli/command.h"

namespace qmnist {

struct InfoOptions {
  std::filesystem::path data = "data";  ///< folder to look for digits in
  std::filesystem::path augment;        ///< PNG file to draw distorted digits to; empty for none
  std::filesystem::path config;         ///< whose distortions these are; empty for usual ones
};

/// Says what this program is, what it was built with, on what it would run and which digits lie in
/// the folder; or draws how training distorts them.
/// @throws UsageError, DataError
[[nodiscard]] ExitStatus info_command(const InfoOptions& options);

}  // namespace qmnist
