#pragma once

#include <string>

#include "host/json.h"

namespace qmnist {

/// JSON Schema (draft 2020-12) of a config file, from config_keys(); configs/schema.json holds it.
[[nodiscard]] Json config_schema();

/// The keys as a Markdown table: key, default, allowed values, meaning; docs/config.md holds it.
[[nodiscard]] std::string config_table();

}  // namespace qmnist
