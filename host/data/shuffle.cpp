#include "host/data/shuffle.h"

#include <bit>
#include <utility>

namespace qmnist {

void numpy_shuffle(std::span<std::uint32_t> items, std::mt19937& generator) {
  for (std::size_t last = items.size(); last-- > 1;) {
    const auto limit = static_cast<std::uint32_t>(last);
    const std::uint64_t mask = std::bit_ceil(std::uint64_t{limit} + 1) - 1;
    std::uint64_t index = generator() & mask;
    while (index > limit) {
      index = generator() & mask;
    }
    std::swap(items[last], items[index]);
  }
}

}  // namespace qmnist
