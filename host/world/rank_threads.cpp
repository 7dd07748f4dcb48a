#include "host/world/rank_threads.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "host/system/available_cpus.h"
#include "host/world/local_rank.h"

namespace qmnist {
namespace {

/// The same for processes that may run on the same CPUs.
std::size_t hash_of_cpus() {
  std::string place = host_name();
  for (const cpu_set_t& cpus : cpu_affinity()) {
    place.append(reinterpret_cast<const char*>(&cpus), sizeof(cpus));
  }
  return std::hash<std::string>()(place);
}

}  // namespace

std::size_t threads_of_rank(World& world) {
  const std::vector<std::size_t> hashes = gather_values(world, hash_of_cpus());
  std::size_t sharing = 1;
  for (std::size_t rank = 0; rank < world.size(); ++rank) {
    sharing += rank != world.rank() && hashes[rank] == hashes[world.rank()] ? 1 : 0;
  }
  return std::max<std::size_t>(1, available_cpus() / sharing);
}

}  // namespace qmnist
