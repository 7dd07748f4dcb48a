#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "host/json.h"
#include "host/settings/augmentation_settings.h"
#include "host/settings/optimizer_settings.h"
#include "host/settings/run_settings.h"
#include "host/settings/schedule_settings.h"

namespace qmnist {

/// Everything that can be configured; made by default it holds the defaults.
struct Config {
  DataSettings data;
  ModelSettings model;
  AugmentationSettings augmentation;
  RegularizationSettings regularization;
  OptimizerSettings optimizer;
  ScheduleSettings schedule;
  TrainingSettings training;
  TeacherSettings teacher;
  std::string device{kAutoDevice};
  std::size_t device_index = 0;
  OutputSettings output;
};

template <SameAs<Config> Settings, typename Visitor>
void visit(Settings& config, const Visitor& key) {
  visit(config.data, key);
  visit(config.model, key);
  visit(config.augmentation, key);
  visit(config.regularization, key);
  visit(config.optimizer, key);
  visit(config.schedule, key);
  visit(config.training, key);
  visit(config.teacher, key);
  key("device", config.device, constraint::OneOf{device_names()},
      "where to train; auto takes a GPU if one works");
  key("device_index", config.device_index, constraint::Integer{0, 1023},
      "which GPU, in CUDA's numbering");
  visit(config.output, key);
}

/// Reads a config file, then applies overrides of the form "key.path=value" in their order.
///
/// Relative paths are taken from the config file's folder in the file, from the working folder in
/// an override.
/// @throws UsageError naming the key, its place and what would be right: unreadable file, bad JSON
///   (line and column), unknown or repeated key, wrong type, value out of range, values that do not
///   go together.
[[nodiscard]] Config load_config(const std::filesystem::path& file,
                                 std::span<const std::string> overrides);

/// Reads a JSON file that holds an object.
/// @throws UsageError naming the file: unreadable, bad JSON (line and column), repeated key.
[[nodiscard]] Json read_document(const std::filesystem::path& file);

/// The config with other values for some dotted keys; relative paths among them are taken from
/// `base`. @throws UsageError as load_config, naming `place` as where they stand.
[[nodiscard]] Config with_changes(const Config& config, const Json& changes, std::string_view place,
                                  const std::filesystem::path& base);

/// The config with overrides as load_config() takes them. @throws UsageError likewise
[[nodiscard]] Config with_overrides(const Config& config, std::span<const std::string> overrides);

/// The config as a file holds it, every key included.
[[nodiscard]] Json config_json(const Config& config);

/// The value of a dotted key in a whole config.
[[nodiscard]] const Json& value_of(const Json& config, std::string_view key);

/// The JSON form of one setting.
template <typename T>
[[nodiscard]] Json setting_json(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return name_of(value);
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return value.string();
  } else if constexpr (std::is_same_v<T, std::vector<std::filesystem::path>>) {
    Json paths = Json::array();
    for (const std::filesystem::path& path : value) {
      paths.push_back(path.string());
    }
    return paths;
  } else {
    return value;
  }
}

}  // namespace qmnist
