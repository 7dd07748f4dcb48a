#include "host/system/cgroup.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// Whether a comma-separated list contains a name.
bool lists(const std::string& names, std::string_view name) {
  std::istringstream stream(names);
  for (std::string each; std::getline(stream, each, ',');) {
    if (each == name) {
      return true;
    }
  }
  return false;
}

/// The path of the process's group in a hierarchy, from a line "4:cpu,cpuacct:/path" (version 1) or
/// "0::/path" (version 2).
std::optional<fs::path> path_in_hierarchy(int version, std::string_view controller,
                                          const fs::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (version == 2 ? controllers.empty() : lists(controllers, controller)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

/// A mount of a hierarchy.
struct CgroupMount {
  int version = 0;  ///< 0: another file system or controller
  fs::path group;   ///< the group that is mounted
  fs::path point;
};

/// Reads a line "36 35 98:0 /group /mount/point rw,noatime master:1 - cgroup cgroup rw,cpu".
CgroupMount parse_mount(const std::string& line, std::string_view controller) {
  CgroupMount mount;
  std::istringstream fields(line);
  std::string field;
  fields >> field >> field >> field >> mount.group >> mount.point;
  while (fields >> field && field != "-") {
  }
  std::string type;
  std::string options;
  fields >> type >> field >> options;
  if (type == "cgroup2") {
    mount.version = 2;
  } else if (type == "cgroup" && lists(options, controller)) {
    mount.version = 1;
  }
  return mount;
}

/// Adds the groups from the process's own up to the mount point.
void add_groups(const CgroupMount& mount, const fs::path& path, const fs::path& root,
                std::vector<Cgroup>& groups) {
  fs::path below = path.lexically_relative(mount.group);
  if (below.empty() || *below.begin() == "..") {
    below = ".";  // in a container, often only its own group is mounted, under another name
  }
  const fs::path top = root / mount.point.relative_path();
  for (fs::path folder = (top / below).lexically_normal();; folder = folder.parent_path()) {
    const bool is_top = below == "." || folder == top || folder == folder.parent_path();
    groups.push_back({.folder = is_top ? top : folder, .version = mount.version});
    if (is_top) {
      return;
    }
  }
}

}  // namespace

std::optional<std::uint64_t> Cgroup::number(std::string_view file) const {
  std::ifstream stream(folder / file);
  std::uint64_t value = 0;
  return stream >> value ? std::optional(value) : std::nullopt;
}

std::vector<Cgroup> cgroups_of(std::string_view controller, const fs::path& root) {
  std::vector<Cgroup> groups;
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const CgroupMount mount = parse_mount(line, controller);
    if (mount.version == 0) {
      continue;
    }
    if (const auto path = path_in_hierarchy(mount.version, controller, root)) {
      add_groups(mount, *path, root, groups);
    }
  }
  return groups;
}

}  // namespace qmnist
