#pragma once

#include <cstddef>
#include <string>

namespace qmnist {

/// A size in MiB or, from 1 GiB, in GiB with one more decimal: "96 MiB" and "1.5 GiB" with 0
/// decimals, "12.5 MiB" and "1.50 GiB" with 1.
[[nodiscard]] std::string bytes_text(std::size_t bytes, int decimals);

}  // namespace qmnist
