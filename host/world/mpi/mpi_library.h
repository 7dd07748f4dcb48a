#pragma once

#include <memory>

#include "host/world/world.h"

namespace qmnist::mpi {

/// What libqmnist_mpi.so gives the program that loads it.
struct MpiLibrary {
  /// Joins the processes that MPI's launcher started with this one; a world of one if there are
  /// none. To be called once, before threads are started.
  std::unique_ptr<World> (*join)();
};

}  // namespace qmnist::mpi

/// The only symbol that the library exports.
// NOLINTNEXTLINE(readability-identifier-naming): a prefix, as C has no namespaces
extern "C" [[gnu::visibility("default")]] const qmnist::mpi::MpiLibrary qmnist_mpi_library;
