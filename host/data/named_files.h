#pragma once

#include <filesystem>
#include <optional>

#include "host/data/dataset.h"
#include "host/data/set_info.h"

namespace qmnist {

/// Loads the files that data.images and the keys behind it name; nothing if they name none.
/// @param form of a set that the program does not know; without effect on others
/// @throws DataError naming file, place and expectation; UsageError where the keys, or the sets
///   that the files' names tell, do not go together
[[nodiscard]] std::optional<Dataset> load_named_files(const DataSettings& settings,
                                                      const FileForm& form);

/// Loads one file of images, with the labels beside it, as a set of one part that has the file's
/// name. @param form likewise @throws DataError likewise
[[nodiscard]] Dataset load_images_file(const std::filesystem::path& path, const FileForm& form);

}  // namespace qmnist
