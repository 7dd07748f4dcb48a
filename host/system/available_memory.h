#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace qmnist {

/// Memory that this process can still allocate.
struct AvailableMemory {
  std::size_t bytes;
  std::string limit;  ///< the limit that determines it: "the machine's memory", "ulimit -v"
};

/// The minimum of the memory available on the machine, within the limits of the control groups
/// (docker --memory, Slurm), and within RLIMIT_AS and RLIMIT_DATA. Swap space and page cache count
/// as available.
///
/// @param root root of the file system with proc/ and the control groups; for tests
[[nodiscard]] AvailableMemory available_memory(const std::filesystem::path& root = "/");

/// Memory that a task needs, and available memory.
struct MemoryBudget {
  std::size_t needed = 0;  ///< bytes
  AvailableMemory available = {};
};

/// Checks that `bytes` of memory are available.
/// @param remedy what to lower, for the error
/// @throws UsageError with both numbers if they are not
[[nodiscard]] MemoryBudget require_memory(
    std::size_t bytes, std::string_view remedy = "model.hidden or training.batch_size",
    const std::filesystem::path& root = "/");

/// As text: "96 MiB needed, 1.5 GiB available (ulimit -v)".
[[nodiscard]] std::string budget_text(const MemoryBudget& budget);

}  // namespace qmnist
