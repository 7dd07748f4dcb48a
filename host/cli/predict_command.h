#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/command.h"
#include "host/image/preprocess.h"

namespace qmnist {

/// Command-line options of `predict`.
struct PredictOptions {
  std::vector<std::filesystem::path>
      models;                       ///< run folders or model files; empty for kDefaultModel
  std::vector<std::string> images;  ///< files, folders, "-"; none are needed with csv or watch
  Preprocess preprocess = Preprocess::kAuto;
  std::optional<std::filesystem::path> watch;  ///< folder whose new images are classified
  bool json = false;
  std::filesystem::path contact_sheet;  ///< empty for none
  std::filesystem::path csv;            ///< images of the submission
  std::filesystem::path submission;     ///< file to write
};

/// The run folder of configs/baseline.json, relative to the repository.
inline constexpr const char* kDefaultModel = "runs/baseline";

/// Classifies images with a model or an ensemble. An unreadable file is reported as an error, and
/// the other files are still classified. Watches a folder until it is interrupted. Without either,
/// writes a submission.
/// @return kDone, or kData if a file was unreadable. @throws Error
[[nodiscard]] ExitStatus predict_command(const PredictOptions& options);

}  // namespace qmnist
