#include "host/cli/device_option.h"

#include <algorithm>
#include <charconv>

#include "host/alternatives.h"
#include "host/config/config_keys.h"
#include "host/engines/engine_kinds.h"
#include "host/error.h"

namespace qmnist {
namespace {

[[noreturn]] void throw_invalid(std::string_view text) {
  throw UsageError(
      "--device is \"{}\"; cuda:1 or cuda:0,1 choose GPUs by number, otherwise it must be {}", text,
      describe(constraint::OneOf{device_names()}));
}

bool is_index(std::size_t number) {
  return satisfies(find_key("device_index")->constraint, number);
}

bool is_numbered(std::string_view name) {
  return name != kAutoDevice && engine_kind(name).is_numbered;
}

std::vector<std::size_t> parse_indices(std::string_view list, std::string_view text) {
  std::vector<std::size_t> indices;
  const char* next = list.data();
  const char* const end = list.data() + list.size();
  while (true) {
    std::size_t index = 0;
    const auto [rest, error] = std::from_chars(next, end, index);
    if (error != std::errc() || !is_index(index) || std::ranges::count(indices, index) > 0) {
      throw_invalid(text);
    }
    indices.push_back(index);
    if (rest == end) {
      return indices;
    }
    if (*rest != ',') {
      throw_invalid(text);
    }
    next = rest + 1;
  }
}

}  // namespace

DeviceOption parse_device_option(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::vector<std::string_view> names = device_names();
  if (std::ranges::find(names, name) == names.end()) {
    throw_invalid(text);
  }
  DeviceOption option{.name = std::string(name), .indices = {}};
  if (colon != std::string_view::npos) {
    if (!is_numbered(name)) {
      throw_invalid(text);
    }
    option.indices = parse_indices(text.substr(colon + 1), text);
  }
  return option;
}

DeviceOption parse_single_device_option(std::string_view text) {
  DeviceOption option = parse_device_option(text);
  if (option.indices.size() > 1) {
    throw UsageError("--device is \"{}\"; only sweep uses several GPUs, give one of them", text);
  }
  return option;
}

std::string device_option_help() {
  return fmt::format("{}; cuda:N is GPU N", alternatives(device_names()));
}

}  // namespace qmnist
