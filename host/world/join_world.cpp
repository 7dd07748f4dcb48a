#include "host/world/join_world.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

#include "host/error.h"
#include "host/own_library.h"
#include "host/whole_number.h"
#include "host/world/mpi/mpi_library.h"

namespace qmnist {
namespace {

/// Not destroyed at exit, which MPI_Abort() may call.
std::unique_ptr<World>& joined() {
  static auto* const world = new std::unique_ptr<World>;  // NOLINT(cppcoreguidelines-owning-memory)
  return *world;
}

/// How a launcher started this process.
struct Launch {
  std::string_view by;
  std::size_t processes;
};

/// What the launcher says; nothing where there was none. A batch script of Slurm is no task of a
/// step, whatever SLURM_NTASKS says: only steps have a SLURM_STEP_ID.
std::optional<Launch> find_launch() {
  if (const auto size = whole_number_in("OMPI_COMM_WORLD_SIZE")) {
    return Launch{"Open MPI's mpirun", *size};
  }
  if (const auto size = whole_number_in("PMI_SIZE")) {
    return Launch{"MPICH's mpirun or srun", *size};
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): at the start
  if (std::getenv("SLURM_STEP_ID") != nullptr) {
    return Launch{"srun", whole_number_in("SLURM_STEP_NUM_TASKS").value_or(1)};
  }
  return std::nullopt;
}

const mpi::MpiLibrary& load_mpi(const Launch& launch) {
  if constexpr (!QMNIST_HAS_MPI) {
    throw UsageError(
        "{} started {} processes to train together, but this program was built without MPI; "
        "install it (scripts/setup --mpi) and build again, or start one process",
        launch.by, launch.processes);
  }
  try {
    static const void* const symbol = load_own_library("libqmnist_mpi.so", "qmnist_mpi_library");
    return *static_cast<const mpi::MpiLibrary*>(symbol);
  } catch (const LibraryError& error) {
    throw UsageError("MPI cannot be loaded ({}); install the MPI that this program was built with",
                     error.what());
  }
}

}  // namespace

World& join_world() {
  const std::optional<Launch> launch = find_launch();
  if (!launch || launch->processes <= 1) {
    return alone();
  }
  joined() = load_mpi(*launch).join();
  if (const std::size_t size = joined()->size(); size != launch->processes) {
    if (size == 1) {
      joined().reset();
    }
    throw UsageError(
        "{} started {} processes, but MPI sees {} of them; with srun, use --mpi=pmix for Open MPI "
        "or --mpi=pmi2 for MPICH; with mpirun, that of the MPI that this program was built with",
        launch->by, launch->processes, size);
  }
  return *joined();
}

World& current_world() {
  return joined() ? *joined() : alone();
}

void leave_world() {
  joined().reset();
}

}  // namespace qmnist
