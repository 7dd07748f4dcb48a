#include "host/config/config_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "host/config/config.h"
#include "host/edit_distance.h"

namespace qmnist {
namespace {

std::string_view last_part(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

struct Description {
  std::string operator()(const constraint::Boolean& /*any*/) const { return "true or false"; }
  std::string operator()(const constraint::Path& /*any*/) const { return "a path in quotes"; }
  std::string operator()(const constraint::Paths& range) const {
    return fmt::format("a list of at most {} paths in quotes", range.maximum_count);
  }
  std::string operator()(const constraint::Text& /*any*/) const { return "text in quotes"; }
  std::string operator()(const constraint::Integer& range) const {
    return fmt::format("an integer from {} to {}", range.minimum, range.maximum);
  }
  std::string operator()(const constraint::Number& range) const {
    return fmt::format("a number {} {} and {} {}", range.includes_minimum ? ">=" : ">",
                       range.minimum, range.includes_maximum ? "<=" : "<", range.maximum);
  }
  std::string operator()(const constraint::OneOf& one_of) const {
    return one_of.names.size() == 1
               ? fmt::format("\"{}\"", one_of.names.front())
               : fmt::format("one of \"{}\"", fmt::join(one_of.names, "\", \""));
  }
  std::string operator()(const constraint::Sizes& range) const {
    return fmt::format("a list of at most {} integers from {} to {}", range.maximum_count,
                       range.minimum, range.maximum);
  }
};

struct Satisfaction {
  const Json& value;

  bool operator()(const constraint::Boolean& /*any*/) const { return value.is_boolean(); }
  bool operator()(const constraint::Path& /*any*/) const {
    return value.is_string() && !value.get_ref<const std::string&>().empty();
  }
  bool operator()(const constraint::Paths& range) const {
    return value.is_array() && value.size() <= range.maximum_count &&
           std::ranges::all_of(
               value, [](const Json& path) { return Satisfaction{path}(constraint::Path{}); });
  }
  bool operator()(const constraint::Text& /*any*/) const { return value.is_string(); }
  bool operator()(const constraint::Integer& range) const {
    return is_integer_within(value, range.minimum, range.maximum);
  }
  bool operator()(const constraint::Number& range) const {
    if (!value.is_number()) {
      return false;
    }
    const double number = value.get<double>();
    const bool above = range.includes_minimum ? number >= range.minimum : number > range.minimum;
    const bool below = range.includes_maximum ? number <= range.maximum : number < range.maximum;
    return above && below;
  }
  bool operator()(const constraint::OneOf& one_of) const {
    return value.is_string() &&
           std::ranges::find(one_of.names, value.get<std::string>()) != one_of.names.end();
  }
  bool operator()(const constraint::Sizes& range) const {
    return value.is_array() && value.size() <= range.maximum_count &&
           std::ranges::all_of(value, [&](const Json& item) {
             return is_integer_within(item, range.minimum, range.maximum);
           });
  }

  static bool is_integer_within(const Json& number, std::int64_t minimum, std::int64_t maximum) {
    if (!number.is_number_integer()) {
      return false;
    }
    // Numbers above the signed range come as unsigned and would wrap.
    if (number.is_number_unsigned() &&
        number.get<std::uint64_t>() > static_cast<std::uint64_t>(maximum)) {
      return false;
    }
    const auto integer = number.get<std::int64_t>();
    return integer >= minimum && integer <= maximum;
  }
};

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> result;
    const Config defaults;
    visit(defaults, [&result](std::string_view name, const auto& value,
                              const Constraint& constraint, std::string_view help) {
      result.push_back({name, setting_json(value), constraint, help});
    });
    return result;
  }();
  return keys;
}

const ConfigKey* find_key(std::string_view name) {
  const auto keys = config_keys();
  const auto found = std::ranges::find(keys, name, &ConfigKey::name);
  return found == keys.end() ? nullptr : &*found;
}

std::string_view nearest_key(std::string_view name) {
  // A key in the wrong section is closer to its namesake than spelling alone tells, and a section
  // to its keys.
  const auto distance = [name](const ConfigKey& key) {
    constexpr std::size_t kSectionWeight = 3;
    return std::min(
        edit_distance(name, key.name) + edit_distance(last_part(name), last_part(key.name)),
        kSectionWeight * edit_distance(name, key.name.substr(0, key.name.find('.'))));
  };
  return std::ranges::min(config_keys(), {}, distance).name;
}

std::string describe(const Constraint& constraint) {
  return std::visit(Description{}, constraint);
}

bool satisfies(const Constraint& constraint, const Json& value) {
  return std::visit(Satisfaction{value}, constraint);
}

}  // namespace qmnist
