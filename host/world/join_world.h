#pragma once

#include "host/world/world.h"

namespace qmnist {

/// Joins the other processes, if MPI's launcher (mpirun, srun) started this one with others;
/// alone() if it did not. To be called once, before threads are started.
/// @throws UsageError where a launcher started several processes that do not find one another: it
///   needs another option, or this program was built without MPI, or with another one
[[nodiscard]] World& join_world();

/// The world that was joined, or alone().
[[nodiscard]] World& current_world();

/// Leaves the world, when all ranks do.
void leave_world();

}  // namespace qmnist
