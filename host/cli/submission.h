#pragma once

#include <filesystem>
#include <span>

#include "host/model/model.h"

namespace qmnist {

/// Classifies the images of a CSV file without labels by a model or an ensemble, their grey levels
/// as they are, and writes what Kaggle's Digit Recognizer takes: a first line "ImageId,Label", then
/// each image's number from 1 and its class.
/// @throws DataError where the CSV file is wrong. @throws UsageError where the output cannot be
///   written
void write_submission(std::span<const Model> models, const std::filesystem::path& csv,
                      const std::filesystem::path& submission);

}  // namespace qmnist
