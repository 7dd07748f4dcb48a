#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "host/data/dataset.h"
#include "host/data/read_options.h"

namespace qmnist {

/// A kind of data set that load_dataset() reads.
struct DataSource {
  std::string_view name;  ///< in the config key data.source
  /// Sources of one family hold the same images, those with more of them first; empty: its own.
  std::string_view family;
  std::string_view files;  ///< for errors: what the folder must hold; empty if it needs nothing
  /// Whether the folder holds these files. Of each family, data.source "auto" considers the first
  /// source for which this is so; it takes the only one that is left.
  bool (*detect)(const std::filesystem::path& folder);
  /// Leaves Dataset::source empty.
  /// @throws DataError naming file, offset and expectation where a file is missing or wrong
  Dataset (*load)(const std::filesystem::path& folder, const ReadOptions& options);
};

/// The registry: every source.
[[nodiscard]] std::span<const DataSource> data_sources();

/// Name of Kaggle's file in a folder.
inline constexpr std::string_view kKaggleFile = "MNIST-120k";

/// Loads that file from anywhere. @throws DataError as DataSource::load
[[nodiscard]] Dataset load_kaggle_file(const std::filesystem::path& path);

}  // namespace qmnist
