#pragma once

#include <filesystem>
#include <vector>

#include "host/json.h"
#include "host/trainer/evaluation.h"

namespace qmnist {

/// The results of a finished run, read from its folder.
struct RunRecord {
  std::filesystem::path folder;
  Json config;                          ///< config.json
  Json summary;                         ///< summary.json
  std::vector<Prediction> predictions;  ///< predictions.csv
};

/// Reads a JSON file of a run's folder. @throws DataError naming it
[[nodiscard]] Json read_run_json(const std::filesystem::path& path);

/// @throws DataError naming the missing or damaged file, and the line in a CSV file
[[nodiscard]] RunRecord read_run(const std::filesystem::path& folder);

}  // namespace qmnist
