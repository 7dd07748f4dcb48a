#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "host/settings/choice.h"

namespace qmnist {

/// T or const T, for a visit() that reads or writes.
template <typename Candidate, typename T>
concept SameAs = std::same_as<std::remove_const_t<Candidate>, T>;

/// What the value of a setting must be; each kind knows its JSON type.
namespace constraint {

struct Boolean {};
struct Path {};
struct Text {};
struct Paths {
  std::size_t maximum_count;
};
struct Integer {
  std::int64_t minimum;
  std::int64_t maximum;
};
struct Number {
  double minimum;
  bool includes_minimum;
  double maximum;
  bool includes_maximum;
};
struct OneOf {
  std::vector<std::string_view> names;
};
struct Sizes {  ///< a list of integers
  std::size_t maximum_count;
  std::int64_t minimum;
  std::int64_t maximum;
};

/// minimum <= value <= maximum
[[nodiscard]] constexpr Number closed(double minimum, double maximum) {
  return {minimum, true, maximum, true};
}
/// minimum < value < maximum
[[nodiscard]] constexpr Number open(double minimum, double maximum) {
  return {minimum, false, maximum, false};
}
/// minimum <= value < maximum
[[nodiscard]] constexpr Number right_open(double minimum, double maximum) {
  return {minimum, true, maximum, false};
}
/// minimum < value <= maximum
[[nodiscard]] constexpr Number left_open(double minimum, double maximum) {
  return {minimum, false, maximum, true};
}
/// A seed of 32 bits.
[[nodiscard]] constexpr Integer seed() {
  return {0, 0xFFFFFFFF};
}
/// One of the names in the table of an enum.
template <typename Enum>
[[nodiscard]] OneOf one_of() {
  return {choice_names<Enum>()};
}

}  // namespace constraint

using Constraint =
    std::variant<constraint::Boolean, constraint::Path, constraint::Paths, constraint::Text,
                 constraint::Integer, constraint::Number, constraint::OneOf, constraint::Sizes>;

}  // namespace qmnist
