#include "host/world/local_rank.h"

#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace qmnist {

std::string host_name() {
  std::array<char, 256> name{};
  (void)gethostname(name.data(), name.size() - 1);
  return name.data();
}

LocalRank local_rank(World& world) {
  const std::vector<std::size_t> hosts =
      gather_values(world, std::hash<std::string>()(host_name()));
  LocalRank local{0, 0};
  for (std::size_t rank = 0; rank < world.size(); ++rank) {
    if (hosts[rank] == hosts[world.rank()]) {
      local.rank += rank < world.rank() ? 1 : 0;
      ++local.ranks;
    }
  }
  return local;
}

}  // namespace qmnist
