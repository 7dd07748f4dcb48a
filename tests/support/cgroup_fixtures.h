#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/support.h"

namespace qmnist::test {

/// A root folder with the files by which a process finds its control groups, and these.
class CgroupTree {
 public:
  static constexpr int kVersion1 = 1;
  static constexpr int kVersion2 = 2;

  /// @param path of the process's group
  /// @param mounted the group that stands at the mount point
  CgroupTree(int version, const std::string& path, const std::string& mounted = "/") {
    if (version == kVersion2) {
      write_file(folder_ / "proc/self/cgroup", "0::" + path + "\n");
      write_file(folder_ / "proc/self/mountinfo",
                 "22 1 0:20 / / rw - ext4 /dev/root rw\n"
                 "29 22 0:26 " +
                     mounted +
                     " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 "
                     "rw,nsdelegate\n");
    } else {
      write_file(folder_ / "proc/self/cgroup",
                 "12:memory:" + path + "\n11:cpu,cpuacct:" + path + "\n1:name=systemd:/\n0::/\n");
      write_file(folder_ / "proc/self/mountinfo",
                 "31 22 0:27 " + mounted +
                     " /sys/fs/cgroup/cpu rw shared:6 master:1 - cgroup "
                     "cgroup rw,cpu,cpuacct\n"
                     "32 22 0:28 " +
                     mounted + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    }
  }

  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

  /// Writes a file below the mount point of all controllers.
  void write(const std::string& name, std::string_view content) const {
    write_file(folder_ / ("sys/fs/cgroup/" + name), content);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace qmnist::test
