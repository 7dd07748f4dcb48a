#include "host/system/available_cpus.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "host/system/cgroup.h"

namespace qmnist {
namespace {

/// CPUs that the scheduler may run this process on.
std::size_t schedulable_cpus() {
  const std::vector<cpu_set_t> sets = cpu_affinity();
  return sets.empty()
             ? std::thread::hardware_concurrency()
             : static_cast<std::size_t>(CPU_COUNT_S(sets.size() * sizeof(cpu_set_t), sets.data()));
}

/// A limit of `time` microseconds of CPU time per `period` microseconds.
struct CpuQuota {
  double time;
  double period;
};

/// @return nothing if the group has no limit
std::optional<CpuQuota> quota_of(const Cgroup& group) {
  CpuQuota quota{};
  if (group.version == 2) {
    std::ifstream file(group.folder / "cpu.max");  // "150000 100000" or "max 100000"
    return file >> quota.time >> quota.period ? std::optional(quota) : std::nullopt;
  }
  std::ifstream time(group.folder / "cpu.cfs_quota_us");  // -1 for no limit
  std::ifstream period(group.folder / "cpu.cfs_period_us");
  const bool is_limited = time >> quota.time && period >> quota.period && quota.time > 0;
  return is_limited ? std::optional(quota) : std::nullopt;
}

}  // namespace

std::vector<cpu_set_t> cpu_affinity() {
  std::vector<cpu_set_t> sets(64);  // more than any kernel has
  if (sched_getaffinity(0, sets.size() * sizeof(cpu_set_t), sets.data()) != 0) {
    sets.clear();
  }
  return sets;
}

std::size_t available_cpus(const std::filesystem::path& root) {
  std::size_t cpus = schedulable_cpus();
  for (const Cgroup& group : cgroups_of("cpu", root)) {
    if (const auto quota = quota_of(group); quota && quota->period > 0) {
      cpus = std::min(cpus, static_cast<std::size_t>(quota->time / quota->period));
    }
  }
  return std::max(cpus, std::size_t{1});
}

}  // namespace qmnist
