#include "host/system/available_cpus.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "host/system/cgroup.h"

namespace qmnist {
namespace {

/// CPUs that the scheduler may run this process on.
std::size_t schedulable_cpus() {
  constexpr std::size_t kMaxCpus = 1 << 16;  // a static cpu_set_t is limited to 1,024
  const auto free_set = [](cpu_set_t* set) { CPU_FREE(set); };
  const std::unique_ptr<cpu_set_t, decltype(free_set)> set(CPU_ALLOC(kMaxCpus), free_set);
  const std::size_t size = CPU_ALLOC_SIZE(kMaxCpus);
  if (set == nullptr || sched_getaffinity(0, size, set.get()) != 0) {
    return std::thread::hardware_concurrency();
  }
  return static_cast<std::size_t>(CPU_COUNT_S(size, set.get()));
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
