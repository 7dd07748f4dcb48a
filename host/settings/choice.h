#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace qmnist {

/// An enumerator and the name that configs and files use for it.
///
/// Beside each enum of the settings stands its table, a constexpr array of rows with these two
/// members (and further columns where an enum needs some), and a function choices(Enum) that
/// returns the table. Argument-dependent lookup finds it, so the functions below serve every enum.
template <typename Enum>
struct Choice {
  Enum value;
  std::string_view name;
};

namespace detail {
template <typename Enum, std::size_t kRow, typename Work>
decltype(auto) with_choice(Enum value, const Work& work) {
  constexpr Enum kValue = choices(Enum{})[kRow].value;
  if constexpr (kRow + 1 < choices(Enum{}).size()) {
    if (value != kValue) {
      return with_choice<Enum, kRow + 1>(value, work);
    }
  }
  return work(std::integral_constant<Enum, kValue>());
}
}  // namespace detail

/// The row of an enumerator in its enum's table.
template <typename Enum>
[[nodiscard]] constexpr const auto& choice_of(Enum value) {
  return *std::ranges::find_if(choices(Enum{}),
                               [value](const auto& row) { return row.value == value; });
}

template <typename Enum>
[[nodiscard]] constexpr std::string_view name_of(Enum value) {
  return choice_of(value).name;
}

/// The enumerator of that name, if there is one.
template <typename Enum>
[[nodiscard]] constexpr std::optional<Enum> find_choice(std::string_view name) {
  for (const auto& row : choices(Enum{})) {
    if (row.name == name) {
      return row.value;
    }
  }
  return std::nullopt;
}

/// Calls work(std::integral_constant<Enum, value>()), so that the enumerator is known at compile
/// time there. @return what `work` returns, of one type for all
template <typename Enum, typename Work>
decltype(auto) with_choice(Enum value, const Work& work) {
  return detail::with_choice<Enum, 0>(value, work);
}

/// The names of an enum in the table's order.
template <typename Enum>
[[nodiscard]] std::vector<std::string_view> choice_names() {
  std::vector<std::string_view> names;
  for (const auto& row : choices(Enum{})) {
    names.push_back(row.name);
  }
  return names;
}

}  // namespace qmnist
