#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace qmnist {

/// Memory that this process can still allocate and use.
struct AvailableMemory {
  std::size_t bytes;
  std::string limit;  ///< what sets this bound, for people: "the machine's memory", "ulimit -v"
};

/// The least of what the machine has left, what the limits of its control groups leave (docker
/// --memory, Slurm), and what RLIMIT_AS and RLIMIT_DATA leave. Swap space and cached files count as
/// available.
///
/// @param root of the file system that is asked for proc/ and control groups; another one for tests
[[nodiscard]] AvailableMemory available_memory(const std::filesystem::path& root = "/");

/// What a task needs, and what there is for it.
struct MemoryBudget {
  std::size_t needed = 0;  ///< bytes
  AvailableMemory available = {};
};

/// @param remedy what to lower, for the error
/// @throws UsageError with both numbers where a task that needs so many bytes cannot have them
[[nodiscard]] MemoryBudget require_memory(
    std::size_t bytes, std::string_view remedy = "model.hidden or training.batch_size",
    const std::filesystem::path& root = "/");

/// "96 MiB needed, 1.5 GiB available (ulimit -v)"
[[nodiscard]] std::string budget_text(const MemoryBudget& budget);

}  // namespace qmnist
