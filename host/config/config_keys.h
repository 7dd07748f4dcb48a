#pragma once

#include <span>
#include <string>
#include <string_view>

#include "host/json.h"
#include "host/settings/constraint.h"

namespace qmnist {

/// A key of the config, as the visit() functions of the settings list them.
struct ConfigKey {
  std::string_view name;  ///< dotted: "training.epochs"
  Json default_value;
  Constraint constraint;
  std::string_view help;
};

/// Every key, in the order of the settings' visit() functions.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// The key of that name, or nullptr.
[[nodiscard]] const ConfigKey* find_key(std::string_view name);

/// The name of the key that is closest to `name` in spelling (Levenshtein distance).
[[nodiscard]] std::string_view nearest_key(std::string_view name);

/// The constraint in words: "an integer from 1 to 10".
[[nodiscard]] std::string describe(const Constraint& constraint);

/// Whether the value has the constraint's type and satisfies it.
[[nodiscard]] bool satisfies(const Constraint& constraint, const Json& value);

}  // namespace qmnist
