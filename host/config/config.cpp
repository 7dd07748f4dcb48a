#include "host/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

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

bool is_section(std::string_view key) {
  const std::string prefix = std::string(key) + ".";
  return std::ranges::any_of(config_fields(),
                             [&](const Field& field) { return field.key.starts_with(prefix); });
}

/// A value as JSON for an error's one line: escaped, and cut where it is long.
std::string as_json(const Json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongest) {
    text = text.substr(0, kLongest) + "...";
  }
  return text;
}

/// Holds a config while it is put together: every key with its default, then what is given.
class Values {
 public:
  explicit Values(Json json) : json_(std::move(json)) {}
  explicit Values(const fs::path& default_base) {
    for (const Field& field : config_fields()) {
      set(field.key, field.default_value, "defaults", default_base);
    }
  }

  /// `place` is where the value was written (for errors), `base` where its paths start.
  void set(std::string_view key, Json value, std::string_view place, const fs::path& base) {
    const Field* field = find_field(key);
    if (field == nullptr) {
      throw UsageError("{}: unknown key {}; the nearest known one is \"{}\"", place, as_json(key),
                       nearest_key(key));
    }
    if (!accepts(field->rule, value)) {
      throw UsageError("{}: {} is {}; it must be {}", place, key, as_json(value),
                       expectation(field->rule));
    }
    if (std::holds_alternative<PathRule>(field->rule)) {
      value = fs::absolute(base / value.get<std::string>()).lexically_normal().string();
    }
    if (value.is_string() && !is_utf8(value.get_ref<const std::string&>())) {
      throw UsageError("{}: {} is {}; it must be UTF-8, as it is written to config.json", place,
                       key, as_json(value));
    }
    json_[pointer_to(key)] = std::move(value);
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
        throw UsageError("{}: key {} stands there twice; keep one of them", place_, as_json(key));
      }
    }
    return true;
  }

 private:
  std::string place_;
  std::vector<std::set<std::string>> keys_;
};

/// Text that is no JSON is a string, so that paths and choices need no quotes inside quotes.
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
  const std::string_view key = assignment.substr(0, equals);
  const std::string_view text = assignment.substr(equals + 1);
  const Field* field = find_field(key);
  const bool wants_text = field != nullptr && (std::holds_alternative<PathRule>(field->rule) ||
                                               std::holds_alternative<ChoiceRule>(field->rule));
  Json value = json_or_text(text);
  if (wants_text && !value.is_string()) {
    value = text;  // a path may look like a number
  }
  values.set(key, std::move(value), place, fs::current_path());
}

template <typename Enum>
Enum choice(const Json& values, std::string_view key) {
  const Field* field = find_field(key);
  const auto& choices = std::get<ChoiceRule>(field->rule).choices;
  const auto found = std::ranges::find(choices, value_of(values, key).get<std::string>());
  return static_cast<Enum>(std::distance(choices.begin(), found));
}

/// Each value keeps its own rule already; these rules are about several.
void check_together(const Config& config) {
  const OptimizerSettings& optimizer = config.optimizer;
  if (optimizer.name == OptimizerName::kAdam && optimizer.weight_decay > 0) {
    throw UsageError(
        "optimizer.weight_decay is {} and optimizer.name is \"adam\", which knows none; set the "
        "second to \"adamw\"",
        optimizer.weight_decay);
  }
  if (optimizer.name != OptimizerName::kSgd && (optimizer.momentum > 0 || optimizer.nesterov)) {
    throw UsageError(
        "optimizer.momentum is {} and optimizer.nesterov {}, which are those of \"sgd\"; set "
        "optimizer.name to that, or optimizer.beta1 instead",
        optimizer.momentum, optimizer.nesterov);
  }
  const ScheduleSettings& schedule = config.schedule;
  if (schedule.name == ScheduleName::kOneCycle && schedule.warmup_epochs != 0) {
    throw UsageError(
        "schedule.warmup_epochs is {} and schedule.name is \"one_cycle\", which warms up by "
        "itself; "
        "set the first to 0 or the second to \"cosine\"",
        schedule.warmup_epochs);
  }
  if (schedule.name == ScheduleName::kCosine &&
      schedule.warmup_epochs >= static_cast<double>(config.training.epochs)) {
    throw UsageError(
        "schedule.warmup_epochs is {} and training.epochs {}, which leaves nothing for the cosine; "
        "the first must be less than the second",
        schedule.warmup_epochs, config.training.epochs);
  }
}

}  // namespace

const Json& value_of(const Json& values, std::string_view key) {
  return values.at(pointer_to(key));
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

Config to_config(const Json& values) {
  const Json& data = values.at("data");
  const Json& augmentation = values.at("augmentation");
  const Json& regularization = values.at("regularization");
  const Json& optimizer = values.at("optimizer");
  const Json& schedule = values.at("schedule");
  const Json& training = values.at("training");
  return {
      .data = {.source = choice<DataSource>(values, "data.source"),
               .dir = data.at("dir").get<std::string>(),
               .test_fraction = data.at("test_fraction"),
               .split_seed = data.at("split_seed"),
               .validation_fraction = data.at("validation_fraction")},
      .model = {.hidden = values.at("model").at("hidden"),
                .activation = choice<Activation>(values, "model.activation")},
      .augmentation = {.rotation = augmentation.at("rotation"),
                       .scale = augmentation.at("scale"),
                       .shear = augmentation.at("shear"),
                       .shift = augmentation.at("shift"),
                       .elastic = augmentation.at("elastic"),
                       .elastic_sigma = augmentation.at("elastic_sigma")},
      .regularization = {.dropout = regularization.at("dropout"),
                         .label_smoothing = regularization.at("label_smoothing")},
      .optimizer = {.name = choice<OptimizerName>(values, "optimizer.name"),
                    .beta1 = optimizer.at("beta1"),
                    .beta2 = optimizer.at("beta2"),
                    .epsilon = optimizer.at("epsilon"),
                    .momentum = optimizer.at("momentum"),
                    .nesterov = optimizer.at("nesterov"),
                    .weight_decay = optimizer.at("weight_decay"),
                    .clip_norm = optimizer.at("clip_norm"),
                    .ema_decay = regularization.at("ema_decay")},
      .schedule = {.name = choice<ScheduleName>(values, "schedule.name"),
                   .peak = optimizer.at("learning_rate"),
                   .warmup_epochs = schedule.at("warmup_epochs"),
                   .step_epochs = schedule.at("step_epochs"),
                   .step_factor = schedule.at("step_factor"),
                   .final_factor = schedule.at("final_factor")},
      .training = {.epochs = training.at("epochs"),
                   .batch_size = training.at("batch_size"),
                   .shuffle = training.at("shuffle"),
                   .seed = training.at("seed"),
                   .threads = training.at("threads"),
                   .math = choice<MathMode>(values, "training.math"),
                   .early_stopping = training.at("early_stopping"),
                   .target_accuracy = training.at("target_accuracy")},
      .device = choice<DeviceChoice>(values, "device"),
      .device_index = values.at("device_index"),
      .output = {.dir = values.at("output").at("dir").get<std::string>()},
      .values = values,
  };
}

Config with_changes(const Config& config, const Json& changes, std::string_view place,
                    const fs::path& base) {
  Values values(config.values);
  for (const auto& [key, value] : changes.items()) {
    values.set(key, value, place, base);
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
