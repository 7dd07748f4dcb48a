#pragma once

#include <mpi.h>

#include <memory>

#include "host/world/task_queue.h"

namespace qmnist::mpi {

/// A queue that rank 0 serves by messages, in a thread of its own. Waiting ranks sleep between
/// their looks for an answer, as MPI's own waiting would take a core from those that train.
/// @param world whose ranks all call it
[[nodiscard]] std::unique_ptr<TaskQueue> make_mpi_task_queue(MPI_Comm world,
                                                             TaskQueue::OnReport on_report);

/// Waits until all ranks have called it, without taking a core meanwhile.
void wait_for_all(MPI_Comm comm);

}  // namespace qmnist::mpi
