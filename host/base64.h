#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace qmnist {

/// Base64 text of some bytes, fewer than 2^30, in one line (RFC 4648, section 4).
[[nodiscard]] std::string base64(std::span<const std::byte> bytes);

}  // namespace qmnist
