#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace qmnist {

using Json = nlohmann::ordered_json;  // keeps the order of keys

/// Parses untrusted JSON: limits the nesting depth, so that printing or copying the value cannot
/// overflow the stack. `on_event` is called for every event of the parser.
/// @throws Json::exception
[[nodiscard]] inline Json parse_json(std::string_view text,
                                     const Json::parser_callback_t& on_event = nullptr) {
  constexpr int kMaxDepth = 16;
  return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) {
      throw Json::other_error::create(501, "values are nested too deeply", nullptr);
    }
    return !on_event || on_event(depth, event, parsed);
  });
}

}  // namespace qmnist
