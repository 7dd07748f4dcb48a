#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

#include "host/config/config_keys.h"

namespace qmnist::test {

/// Keys that say how long, where and on what a run goes, not what it computes.
inline constexpr std::array<std::string_view, 15> kFreeKeys{
    "data.source",
    "data.dir",
    "data.images",
    "data.labels",
    "data.test_images",
    "data.test_labels",
    "data.on_device",
    "training.epochs",
    "training.threads",
    "training.kernels",
    "device",
    "device_index",
    "output.dir",
    "output.checkpoint_seconds",
    "output.tensorboard",
};

[[nodiscard]] inline bool is_free(const ConfigKey& key) {
  return std::ranges::find(kFreeKeys, key.name) != kFreeKeys.end();
}

/// Makes another valid value of a key: numbers become smaller where they can, so that they stay of
/// the same order, and otherwise at most 1 more.
struct AnotherValue {
  const Json& value;

  Json operator()(const constraint::Boolean& /*any*/) const { return !value.get<bool>(); }
  Json operator()(const constraint::Path& /*any*/) const { return "elsewhere"; }
  Json operator()(const constraint::Paths& /*any*/) const {
    return value.empty() ? Json::array({"elsewhere"}) : Json::array();
  }
  Json operator()(const constraint::Text& /*any*/) const { return "something"; }
  Json operator()(const constraint::Integer& range) const {
    const auto number = value.get<std::int64_t>();
    return number > range.minimum ? number - 1 : number + 1;
  }
  Json operator()(const constraint::Number& range) const {
    const auto number = value.get<double>();
    return number > range.minimum ? (range.minimum + number) / 2
                                  : number + std::min(1.0, (range.maximum - number) / 2);
  }
  Json operator()(const constraint::OneOf& one_of) const {
    return value == Json(one_of.names.back()) ? one_of.names.front() : one_of.names.back();
  }
  Json operator()(const constraint::Sizes& range) const {
    Json sizes = value;
    sizes.back() = AnotherValue{value.back()}(constraint::Integer{range.minimum, range.maximum});
    return sizes;
  }
};

/// A value that the key's constraint allows and that differs from this one.
[[nodiscard]] inline Json another_value(const ConfigKey& key, const Json& value) {
  return std::visit(AnotherValue{value}, key.constraint);
}

}  // namespace qmnist::test
