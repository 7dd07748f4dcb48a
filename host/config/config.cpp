#include "host/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "host/config/config_keys.h"
#include "host/error.h"
#include "host/read_file.h"
#include "host/utf8.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

Json::json_pointer pointer_to(std::string_view key) {
  std::string path = "/" + std::string(key);
  std::ranges::replace(path, '.', '/');
  return Json::json_pointer(path);
}

/// The value of a key, null and in a new section where there is none yet. The section is not left
/// to operator[]: nlohmann_json 3.11.2 crashes where that has no memory to turn a null into an
/// object.
Json& place_for(std::string_view key, Json& json) {
  const Json::json_pointer pointer = pointer_to(key);
  if (const Json::json_pointer section = pointer.parent_pointer(); !section.empty()) {
    json.emplace(section.back(), Json::object());
  }
  return json[pointer];
}

bool is_section(std::string_view name) {
  const std::string prefix = std::string(name) + ".";
  return std::ranges::any_of(config_keys(),
                             [&](const ConfigKey& key) { return key.name.starts_with(prefix); });
}

/// A value as JSON for an error's one line: escaped, and cut where it is long.
std::string as_json(const Json& value) {
  constexpr std::size_t kMaxLength = 60;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxLength) {
    text = text.substr(0, kMaxLength) + "...";
  }
  return text;
}

std::string absolute_path(const Json& path, const fs::path& base) {
  return fs::absolute(base / path.get<std::string>()).lexically_normal().string();
}

/// Whether a string, or each of a list, is UTF-8.
bool has_utf8(const Json& value) {
  return value.is_array() ? std::ranges::all_of(value, has_utf8)
                          : !value.is_string() || is_utf8(value.get_ref<const std::string&>());
}

/// Holds a config while it is put together: every key with its default, then what is given.
class Values {
 public:
  explicit Values(Json json) : json_(std::move(json)) {}
  explicit Values(const fs::path& default_base) {
    for (const ConfigKey& key : config_keys()) {
      set(key.name, key.default_value, "defaults", default_base);
    }
  }

  /// `place` is where the value was written (for errors), `base` what its relative paths are
  /// relative to.
  void set(std::string_view name, Json value, std::string_view place, const fs::path& base) {
    const ConfigKey* key = find_key(name);
    if (key == nullptr) {
      throw UsageError("{}: unknown key {}; the nearest known one is \"{}\"", place, as_json(name),
                       nearest_key(name));
    }
    if (!satisfies(key->constraint, value)) {
      throw UsageError("{}: {} is {}; it must be {}", place, name, as_json(value),
                       describe(key->constraint));
    }
    if (std::holds_alternative<constraint::Path>(key->constraint)) {
      value = absolute_path(value, base);
    } else if (std::holds_alternative<constraint::Paths>(key->constraint)) {
      for (Json& path : value) {
        path = absolute_path(path, base);
      }
    }
    if (!has_utf8(value)) {
      throw UsageError("{}: {} is {}; it must be UTF-8, as it is written to config.json", place,
                       name, as_json(value));
    }
    place_for(name, json_) = std::move(value);
  }

  void set_all(const Json& object, const std::string& section, std::string_view place,
               const fs::path& base) {
    for (const auto& [name, value] : object.items()) {
      const std::string key = section.empty() ? name : fmt::format("{}.{}", section, name);
      if (key == "$schema") {
        continue;  // lets editors complete and check configs
      }
      if (!is_section(key)) {
        set(key, value, place, base);
      } else if (value.is_object()) {
        set_all(value, key, place, base);
      } else {
        throw UsageError("{}: {} is {}; it must be an object", place, key, as_json(value));
      }
    }
  }

  [[nodiscard]] const Json& json() const { return json_; }

 private:
  Json json_ = Json::object();
};

/// JSON allows a key twice and parsers keep one of them; in a config that is a mistake.
class RepeatedKeys {
 public:
  explicit RepeatedKeys(std::string place) : place_(std::move(place)) {}

  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) {
      keys_.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        throw UsageError("{}: duplicate key {}; keep one of them", place_, as_json(key));
      }
    }
    return true;
  }

 private:
  std::string place_;
  std::vector<std::set<std::string>> keys_;
};

/// Text that is not JSON is a string, so that paths and names need no nested quotes.
Json json_or_text(std::string_view text) {
  try {
    return parse_json(text);
  } catch (const Json::exception&) {
    return text;
  }
}

void apply_override(Values& values, std::string_view assignment) {
  const std::string place = fmt::format("--set {}", assignment);
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    throw UsageError("{}: there is no '='; write it as --set training.epochs=5", place);
  }
  const std::string_view name = assignment.substr(0, equals);
  const std::string_view text = assignment.substr(equals + 1);
  const ConfigKey* key = find_key(name);
  const bool wants_text =
      key != nullptr && (std::holds_alternative<constraint::Path>(key->constraint) ||
                         std::holds_alternative<constraint::Text>(key->constraint) ||
                         std::holds_alternative<constraint::OneOf>(key->constraint));
  Json value = json_or_text(text);
  if (wants_text && !value.is_string()) {
    value = text;  // a path may look like a number
  }
  if (key != nullptr && std::holds_alternative<constraint::Paths>(key->constraint) &&
      !text.starts_with('[')) {
    value = Json::array({text});
  }
  values.set(name, std::move(value), place, fs::current_path());
}

template <typename T>
void read(const Json& json, T& value) {
  if constexpr (std::is_enum_v<T>) {
    value = find_choice<T>(json.get_ref<const std::string&>()).value();
  } else if constexpr (std::is_same_v<T, fs::path>) {
    value = json.get<std::string>();
  } else if constexpr (std::is_same_v<T, std::vector<fs::path>>) {
    const auto paths = json.get<std::vector<std::string>>();
    value.assign(paths.begin(), paths.end());
  } else {
    json.get_to(value);
  }
}

/// @param values hold every key, each checked
Config to_config(const Json& values) {
  Config config;
  visit(config, [&values](std::string_view name, auto& value, const Constraint& /*checked*/,
                          std::string_view /*help*/) { read(value_of(values, name), value); });
  return config;
}

/// Constraints between keys; those of single keys hold already.
void check_together(const Config& config) {
  const OptimizerSettings& optimizer = config.optimizer;
  const OptimizerChoice& chosen = choice_of(optimizer.name);
  if (!chosen.has_weight_decay && optimizer.weight_decay > 0) {
    throw UsageError(
        "optimizer.weight_decay is {}, but \"{}\" has no weight decay; set optimizer.name to "
        "\"adamw\"",
        optimizer.weight_decay, chosen.name);
  }
  if (!chosen.has_momentum && (optimizer.momentum > 0 || optimizer.nesterov)) {
    throw UsageError(
        "optimizer.momentum is {} and optimizer.nesterov {}, but \"{}\" has neither; set "
        "optimizer.name to \"sgd\", or optimizer.beta1 instead",
        optimizer.momentum, optimizer.nesterov, chosen.name);
  }
  const TrainingSettings& training = config.training;
  if (training.kernels == Kernels::kFixedOrder && training.math != MathMode::kFp32) {
    throw UsageError(
        "training.kernels is \"fixed_order\" and training.math \"{}\", but these kernels multiply "
        "in fp32 only; set training.math to \"fp32\", or training.kernels to \"cublas\"",
        name_of(training.math));
  }
  if (training.slices > 1 &&
      (training.kernels == Kernels::kCublas || training.math != MathMode::kFp32)) {
    throw UsageError(
        "training.slices is {}, but cuBLAS sums in an order of its own; set training.kernels to "
        "\"fixed_order\" and training.math to \"fp32\", or training.slices to 1",
        training.slices);
  }
  const ScheduleSettings& schedule = config.schedule;
  if (schedule.name == ScheduleName::kOneCycle && schedule.warmup_epochs != 0) {
    throw UsageError(
        "schedule.warmup_epochs is {}, but \"one_cycle\" has its own warmup; set it to 0, or "
        "schedule.name to \"cosine\"",
        schedule.warmup_epochs);
  }
  if (schedule.name == ScheduleName::kCosine &&
      schedule.warmup_epochs >= static_cast<double>(config.training.epochs)) {
    throw UsageError(
        "schedule.warmup_epochs is {} and training.epochs {}, which leaves no epoch for the "
        "cosine; "
        "the first must be less than the second",
        schedule.warmup_epochs, config.training.epochs);
  }
}

}  // namespace

const Json& value_of(const Json& config, std::string_view key) {
  return config.at(pointer_to(key));
}

Json read_document(const fs::path& file) {
  Json document;
  try {
    document =
        parse_json(read_file<UsageError>(file, "a config in JSON such as configs/baseline.json"),
                   RepeatedKeys(file.string()));
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: ..."
    const std::string_view what = error.what();
    throw UsageError("{}: {}", file.string(), what.substr(what.find("] ") + 2));
  }
  if (!document.is_object()) {
    throw UsageError("{}: the config is {}; it must be an object in braces", file.string(),
                     document.type_name());
  }
  return document;
}

Json config_json(const Config& config) {
  Json json = Json::object();
  visit(config,
        [&json](std::string_view name, const auto& value, const Constraint& /*any*/,
                std::string_view /*help*/) { place_for(name, json) = setting_json(value); });
  return json;
}

Config with_changes(const Config& config, const Json& changes, std::string_view place,
                    const fs::path& base) {
  Values values(config_json(config));
  for (const auto& [key, value] : changes.items()) {
    values.set(key, value, place, base);
  }
  Config changed = to_config(values.json());
  check_together(changed);
  return changed;
}

Config with_overrides(const Config& config, std::span<const std::string> overrides) {
  Values values(config_json(config));
  for (const std::string& assignment : overrides) {
    apply_override(values, assignment);
  }
  Config changed = to_config(values.json());
  check_together(changed);
  return changed;
}

Config load_config(const fs::path& file, std::span<const std::string> overrides) {
  const Json document = read_document(file);
  const fs::path folder = fs::absolute(file).parent_path();
  Values values(folder);
  values.set_all(document, "", file.string(), folder);
  for (const std::string& assignment : overrides) {
    apply_override(values, assignment);
  }
  Config config = to_config(values.json());
  check_together(config);
  return config;
}

}  // namespace qmnist
