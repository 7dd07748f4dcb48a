#pragma once

#include <cstddef>
#include <string>

#include "host/world/world.h"

namespace qmnist {

/// A rank's place among those of its machine.
struct LocalRank {
  std::size_t rank;
  std::size_t ranks;  ///< on this machine
};

/// All ranks must call it.
[[nodiscard]] LocalRank local_rank(World& world);

/// The machine's name.
[[nodiscard]] std::string host_name();

}  // namespace qmnist
