#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/json.h"

namespace qmnist {

/// Rules that a value can be held to; each knows its JSON type.
struct BooleanRule {};
struct PathRule {};
struct IntegerRule {
  std::int64_t minimum;
  std::int64_t maximum;
};
struct NumberRule {
  double minimum;
  bool minimum_allowed;
  double maximum;
  bool maximum_allowed;
};
struct ChoiceRule {
  std::vector<std::string_view> choices;
};
struct SizesRule {  ///< a list of integers
  std::size_t maximum_count;
  std::int64_t minimum;
  std::int64_t maximum;
};
using Rule = std::variant<BooleanRule, PathRule, IntegerRule, NumberRule, ChoiceRule, SizesRule>;

/// A key of the config: its dotted path, default, rule and meaning.
struct Field {
  std::string_view key;
  Json default_value;
  Rule rule;
  std::string_view help;
};

/// Every key there is, in the order in which configs show them. The schema in configs/ and the
/// table in README.md are tested against this list.
[[nodiscard]] std::span<const Field> config_fields();

/// The field of that dotted path, or nullptr.
[[nodiscard]] const Field* find_field(std::string_view key);

/// The known key that is spelt most like `key` (Levenshtein distance).
[[nodiscard]] std::string_view nearest_key(std::string_view key);

/// The text of a choice by its number, which is its enumerator's.
[[nodiscard]] std::string_view choice_name(std::string_view key, std::size_t choice);

/// What the rule wants, in words: "an integer from 1 to 10".
[[nodiscard]] std::string expectation(const Rule& rule);

/// Whether the value has the rule's type and lies in its range.
[[nodiscard]] bool accepts(const Rule& rule, const Json& value);

}  // namespace qmnist
