#include "host/system/available_memory.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

#include "host/bytes_text.h"
#include "host/error.h"
#include "host/system/cgroup.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKibibyte = 1024;

std::uint64_t remaining(std::uint64_t limit, std::uint64_t used) {
  return limit - std::min(limit, used);
}

/// The number after a name in a file of lines "name number" or "name: number kB".
std::optional<std::uint64_t> entry_of(const fs::path& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t value = 0;
    if (word == name && file >> value) {
      return value;
    }
  }
  return std::nullopt;
}

/// The value of a name in proc/meminfo or proc/self/status, in bytes.
std::optional<std::uint64_t> kernel_bytes(const fs::path& path, std::string_view name) {
  const auto value = entry_of(path, name);
  return value ? std::optional(*value * kKibibyte) : std::nullopt;
}

/// Limit minus usage, from two files of a control group; nothing without a limit.
std::optional<std::uint64_t> remaining_in(const Cgroup& group, std::string_view limit,
                                          std::string_view usage) {
  const auto max = group.number(limit);
  return max ? std::optional(remaining(*max, group.number(usage).value_or(0))) : std::nullopt;
}

/// The group's page cache, which the kernel can reclaim.
std::uint64_t cached_files(const Cgroup& group) {
  const std::string prefix = group.version == 2 ? "" : "total_";
  const fs::path file = group.folder / "memory.stat";
  return entry_of(file, prefix + "inactive_file").value_or(0) +
         entry_of(file, prefix + "active_file").value_or(0);
}

std::optional<std::uint64_t> remaining_in_group(const Cgroup& group, std::uint64_t swap_free) {
  if (group.version == 2) {
    const auto memory = remaining_in(group, "memory.max", "memory.current");
    const auto swap = remaining_in(group, "memory.swap.max", "memory.swap.current");
    return memory ? std::optional(*memory + cached_files(group) +
                                  std::min(swap_free, swap.value_or(swap_free)))
                  : std::nullopt;
  }
  const auto memory = remaining_in(group, "memory.limit_in_bytes", "memory.usage_in_bytes");
  const auto with_swap =
      remaining_in(group, "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes");
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;  // version 1 reports a huge number
  if (!memory || *memory >= kNoLimit) {
    return std::nullopt;
  }
  return std::min(*memory + swap_free, with_swap.value_or(kNoLimit)) + cached_files(group);
}

std::optional<std::uint64_t> remaining_by_rlimit(decltype(RLIMIT_AS) resource,
                                                 const fs::path& status, std::string_view used) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  const std::size_t reusable = mallinfo2().fordblks;  // freed, but still part of the heap
  return remaining(limit.rlim_cur, kernel_bytes(status, used).value_or(0)) + reusable;
}

}  // namespace

AvailableMemory available_memory(const fs::path& root) {
  AvailableMemory available{.bytes = std::numeric_limits<std::size_t>::max(), .limit = ""};
  const auto bound = [&available](std::optional<std::uint64_t> bytes, std::string_view limit) {
    if (bytes && *bytes < available.bytes) {
      available = {.bytes = *bytes, .limit = std::string(limit)};
    }
  };
  const fs::path meminfo = root / "proc/meminfo";
  const std::uint64_t swap_free = kernel_bytes(meminfo, "SwapFree:").value_or(0);
  if (const auto free = kernel_bytes(meminfo, "MemAvailable:")) {
    bound(*free + swap_free, "the machine's memory");
  }
  for (const Cgroup& group : cgroups_of("memory", root)) {
    bound(remaining_in_group(group, swap_free), "the control group's memory limit");
  }
  const fs::path status = root / "proc/self/status";
  bound(remaining_by_rlimit(RLIMIT_AS, status, "VmSize:"), "ulimit -v");
  bound(remaining_by_rlimit(RLIMIT_DATA, status, "VmData:"), "ulimit -d");
  return available;
}

MemoryBudget require_memory(std::size_t bytes, std::string_view remedy, const fs::path& root) {
  (void)malloc_trim(0);  // returns what earlier trials of a sweep freed
  MemoryBudget budget{.needed = bytes, .available = available_memory(root)};
  if (bytes > budget.available.bytes) {
    throw UsageError("not enough memory: {} are needed, and {} are available ({}); lower {}",
                     bytes_text(bytes, 0), bytes_text(budget.available.bytes, 0),
                     budget.available.limit, remedy);
  }
  return budget;
}

std::string budget_text(const MemoryBudget& budget) {
  const std::string needed = bytes_text(budget.needed, 0) + " needed";
  return budget.available.limit.empty()
             ? needed
             : fmt::format("{}, {} available ({})", needed, bytes_text(budget.available.bytes, 0),
                           budget.available.limit);
}

}  // namespace qmnist
