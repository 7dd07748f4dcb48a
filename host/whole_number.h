#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace qmnist {

/// The whole number that all of a text is.
[[nodiscard]] std::optional<std::size_t> whole_number(std::string_view text);

/// The whole number that an environment variable is; nothing where it is not set.
[[nodiscard]] std::optional<std::size_t> whole_number_in(const char* variable);

}  // namespace qmnist
