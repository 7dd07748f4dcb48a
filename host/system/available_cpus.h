#pragma once

#include <sched.h>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace qmnist {

/// The CPUs on which the scheduler may run this process, 1,024 in each set; empty where the system
/// does not tell.
[[nodiscard]] std::vector<cpu_set_t> cpu_affinity();

/// Number of CPUs that this process can keep busy, at least 1: its CPU affinity (taskset, cpusets),
/// or less if a control group limits its CPU time (docker --cpus). A fractional limit is rounded
/// down, because threads that wait for each other are all throttled when the quota is used up.
///
/// @param root root of the file system in which control groups are looked up; for tests
[[nodiscard]] std::size_t available_cpus(const std::filesystem::path& root = "/");

}  // namespace qmnist
