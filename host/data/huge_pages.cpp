#include "host/data/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

namespace qmnist {

void reserve_on_huge_pages(std::vector<std::uint8_t>& bytes, std::size_t size) {
  bytes.reserve(size);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t begin = (first + page - 1) / page * page;
  const std::uintptr_t end = (first + bytes.capacity()) / page * page;
  if (begin < end) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): only whole pages may be named
    (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  }
}

}  // namespace qmnist
