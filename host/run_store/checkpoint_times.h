#pragma once

#include <filesystem>

#include "host/run_store/checkpoint.h"

namespace qmnist {

/// Writes a checkpoint's times atomically to a file of their own: they differ between equal runs,
/// whose checkpoints do not. @throws UsageError if that fails
void write_times(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Sets a checkpoint's times. The file may be of another moment of the run, damaged or missing:
/// what it does not hold stays as it is.
void read_times(const std::filesystem::path& path, Checkpoint& checkpoint);

}  // namespace qmnist
