#pragma once

#include <cstddef>
#include <string>

namespace qmnist {

/// A size as people read it, in MiB or, with one decimal more, in GiB: "96 MiB" and "1.5 GiB" with
/// 0 decimals, "12.5 MiB" and "1.50 GiB" with 1.
[[nodiscard]] std::string bytes_text(std::size_t bytes, int decimals);

}  // namespace qmnist
