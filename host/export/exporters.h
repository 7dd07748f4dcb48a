#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/model.h"

namespace qmnist {

/// Key-value pairs about the run that a model is from. It is a function, so that its files are read
/// only for a format that stores them.
using RunMetadata = std::function<std::map<std::string, std::string>()>;

/// A file format of other programs that a model can be written in.
struct Exporter {
  std::string_view name;         ///< for --format
  std::string_view input;        ///< for --input: type of the model's input; empty: no choice of it
  std::string_view description;  ///< what reads the file
  std::string_view file;         ///< default name of the file
  /// The bytes of the file; the same for the same model and metadata.
  /// @param model whose values are all finite, as read_model gives it
  /// @throws UsageError where the format cannot hold the model, or this build lacks it
  std::string (*write)(const Model& model, const RunMetadata& metadata);
  std::string_view usage;  ///< a line of code that uses the file; % stands for its name
};

/// The registry: every exporter. Those of one name differ in their input; the first is the default.
[[nodiscard]] std::span<const Exporter> exporters();

/// @param input empty for the default
/// @throws UsageError naming --format or --input and what would be right
[[nodiscard]] const Exporter& find_exporter(std::string_view name, std::string_view input = {});

/// The values of --format and of --input, each once.
[[nodiscard]] std::vector<std::string_view> exporter_names();
[[nodiscard]] std::vector<std::string_view> exporter_inputs();

/// A line per exporter for people: options and description.
[[nodiscard]] std::string exporter_table();

}  // namespace qmnist
