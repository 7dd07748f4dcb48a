#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist::numpy {

/// The contents of the .npy files in an .npz archive, by their names without ".npy".
using Npz = std::map<std::string, std::vector<std::uint8_t>, std::less<>>;

/// Reads an .npz archive, whose members may be compressed. Memory grows with what they unpack to.
/// @param file for errors
/// @param known the only names that members may have
/// @throws DataError naming file, member and expectation
/// @throws UsageError where this build has no libzip
[[nodiscard]] Npz read_npz(std::span<const std::uint8_t> content, std::string_view file,
                           std::span<const std::string_view> known);

}  // namespace qmnist::numpy
