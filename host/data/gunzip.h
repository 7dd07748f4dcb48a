#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace qmnist {

/// Unpacks a gzip file of one member in memory at once, which takes less than half the time of
/// zlib's stream. Without libdeflate, it unpacks nothing.
/// @return nothing if the data are damaged, unpack to more than 256 MB or to more than there is
///   memory for: for zlib's stream, which knows where the damage is and needs no memory for all
/// @throws std::bad_alloc
[[nodiscard]] std::optional<std::vector<std::uint8_t>> gunzip(std::span<const std::uint8_t> packed);

}  // namespace qmnist
