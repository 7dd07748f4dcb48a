#pragma once

#include <cstddef>

#include "host/world/world.h"

namespace qmnist {

/// Threads that a rank has for itself: the CPUs on which it may run, shared with the ranks that may
/// run on the same ones. Launchers bind ranks to CPUs of their own, or leave them all on all.
[[nodiscard]] std::size_t threads_of_rank(World& world);

}  // namespace qmnist
