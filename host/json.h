#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace qmnist {

using Json = nlohmann::ordered_json;  // keeps keys in the order in which people wrote them

/// Parses JSON that may come from anyone: text nested so deep that printing or copying it would
/// overflow the stack is refused like bad syntax. `on_event` hears every event of the parser.
/// @throws Json::exception
[[nodiscard]] inline Json parse_json(std::string_view text,
                                     const Json::parser_callback_t& on_event = nullptr) {
  constexpr int kMaxDepth = 16;
  return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) {
      throw Json::other_error::create(501, "values are nested too deep", nullptr);
    }
    return !on_event || on_event(depth, event, parsed);
  });
}

}  // namespace qmnist
