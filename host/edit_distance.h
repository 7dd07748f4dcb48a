#pragma once

#include <cstddef>
#include <string_view>

namespace qmnist {

/// Levenshtein distance: the least number of characters to insert, delete or substitute that turns
/// one text into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace qmnist
