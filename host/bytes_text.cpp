#include "host/bytes_text.h"

#include <fmt/format.h>

namespace qmnist {

std::string bytes_text(std::size_t bytes, int decimals) {
  constexpr double kMebibyte = 1 << 20;
  constexpr double kGibibyte = 1 << 30;
  const auto size = static_cast<double>(bytes);
  return size < kGibibyte ? fmt::format("{:.{}f} MiB", size / kMebibyte, decimals)
                          : fmt::format("{:.{}f} GiB", size / kGibibyte, decimals + 1);
}

}  // namespace qmnist
