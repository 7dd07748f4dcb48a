#pragma once

#include <cstddef>
#include <string_view>

namespace qmnist {

/// Levenshtein distance: the minimum number of insertions, deletions and substitutions of
/// characters that turn one text into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace qmnist
