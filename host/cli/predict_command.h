#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/cli/command.h"
#include "host/image/preprocess.h"

namespace qmnist {

/// The command line of predictions.
struct PredictOptions {
  std::vector<std::filesystem::path> models;  ///< run folders or model files; empty for kUsualModel
  std::vector<std::string> images;            ///< files, folders, "-"
  Preprocess preprocess = Preprocess::kAuto;
  bool json = false;
  std::filesystem::path contact_sheet;  ///< empty for none
};

/// Where the baseline's config puts its run, seen from the repository.
inline constexpr const char* kUsualModel = "runs/baseline";

/// Classifies images by a model or the mean of several. A file that cannot be read is one error
/// line, and the others still run.
/// @return kDone, or kData if there was such a file. @throws Error
[[nodiscard]] ExitStatus predict_command(const PredictOptions& options);

}  // namespace qmnist
