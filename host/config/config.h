#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/config/fields.h"
#include "host/data/dataset.h"
#include "host/engines/augmentation.h"
#include "host/engines/schedule.h"
#include "kernels/activation.h"
#include "kernels/math_mode.h"
#include "kernels/optimizer.h"

namespace qmnist {

enum class DeviceChoice { kAuto, kCuda, kCpu };

/// A checked config; the meaning of each value stands in config_fields().
struct Config {
  struct Data {
    DataSource source;
    std::filesystem::path dir;  ///< absolute
    double test_fraction;
    std::uint32_t split_seed;
    double validation_fraction;
  } data;
  struct Model {
    std::vector<std::size_t> hidden;
    Activation activation;
  } model;
  AugmentationSettings augmentation;
  struct Regularization {
    double dropout;
    double label_smoothing;
  } regularization;
  OptimizerSettings optimizer;
  ScheduleSettings schedule;  ///< its peak is optimizer.learning_rate
  struct Training {
    std::size_t epochs;
    std::size_t batch_size;
    bool shuffle;
    std::uint32_t seed;
    std::size_t threads;
    MathMode math;
    std::size_t early_stopping;
    double target_accuracy;
  } training;
  DeviceChoice device;
  std::size_t device_index;
  struct Output {
    std::filesystem::path dir;  ///< absolute
  } output;

  /// The values that this config was read from, every default filled in and every path absolute.
  Json values;
};

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

/// The value of a dotted key in the values of a whole config.
[[nodiscard]] const Json& value_of(const Json& values, std::string_view key);

/// The typed form of values that hold every key, as Config::values does.
[[nodiscard]] Config to_config(const Json& values);

}  // namespace qmnist
