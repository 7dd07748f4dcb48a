#pragma once

#include <string_view>

#include "host/sweep/sweep.h"

namespace qmnist {

/// Parses "3/16", the fourth of sixteen shards, or "auto" for the task of a Slurm array, or
/// "auto/16" for that or a pod of a Kubernetes Indexed Job, which does not know of how many.
/// @throws UsageError saying what would be right
[[nodiscard]] sweep::Shard parse_shard_option(std::string_view text);

}  // namespace qmnist
