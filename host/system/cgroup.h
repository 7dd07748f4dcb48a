#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace qmnist {

/// A folder with the limits of a Linux control group.
struct Cgroup {
  std::filesystem::path folder;
  int version;  ///< 1 or 2: the two have other names for the same limits

  /// The number in a file of it; nothing where there is no such file, or no limit ("max").
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view file) const;
};

/// The control groups of a controller ("cpu", "memory") that hold this process, from its own to the
/// outermost one that can be seen: each may set a limit.
///
/// @param root in whose proc/self/cgroup and proc/self/mountinfo they are looked up
/// Source: man 7 cgroups, man 5 proc
[[nodiscard]] std::vector<Cgroup> cgroups_of(std::string_view controller,
                                             const std::filesystem::path& root);

}  // namespace qmnist
