#pragma once

#include <fmt/ranges.h>

#include <span>
#include <string>
#include <string_view>

namespace qmnist {

/// Names as text: "a", "a or b", "a, b or c".
[[nodiscard]] inline std::string alternatives(std::span<const std::string_view> names) {
  return names.size() < 2 ? fmt::format("{}", fmt::join(names, ""))
                          : fmt::format("{} or {}", fmt::join(names.first(names.size() - 1), ", "),
                                        names.back());
}

}  // namespace qmnist
