#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace qmnist {

/// A Linux control group.
struct Cgroup {
  std::filesystem::path folder;
  int version;  ///< 1 or 2; their files have different names

  /// Reads a number from a file of the group.
  /// @return nothing if the file does not exist or contains "max"
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view file) const;
};

/// The control groups of this process for a controller ("cpu", "memory"), from the innermost to the
/// outermost visible one. Each may set a limit.
///
/// @param root root of the file system with proc/self/cgroup and proc/self/mountinfo
/// Source: man 7 cgroups, man 5 proc
[[nodiscard]] std::vector<Cgroup> cgroups_of(std::string_view controller,
                                             const std::filesystem::path& root);

}  // namespace qmnist
