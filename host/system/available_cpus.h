#pragma once

#include <cstddef>
#include <filesystem>

namespace qmnist {

/// CPUs that this process can keep busy, at least 1: those that it may run on (taskset, cpusets),
/// or fewer where a control group limits its time (docker --cpus). Of a fraction the whole part
/// counts, as threads that wait for one another are stopped together once the quota is used up.
///
/// @param root of the file system that is asked for control groups; another one for tests
[[nodiscard]] std::size_t available_cpus(const std::filesystem::path& root = "/");

}  // namespace qmnist
