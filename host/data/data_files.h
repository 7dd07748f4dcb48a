#pragma once

#include <filesystem>
#include <span>

#include "host/data/dataset.h"
#include "host/data/file_format.h"
#include "host/data/file_sets.h"

namespace qmnist {

/// Loads the one set of which all files lie in `folder`.
/// @param form of a set that the program does not know; without effect on others
/// @throws DataError as find_set(), or naming a file that is wrong
[[nodiscard]] Dataset load_one_of(const std::filesystem::path& folder,
                                  std::span<const FileSet> sets, const FileFormat& format,
                                  const FileForm& form);

/// Reads the parts of a set.
/// @param set that has files of these names; nullptr if none has
/// @param form as for load_one_of()
/// @throws DataError naming a file that is wrong
[[nodiscard]] Dataset load_parts(std::span<const PartPaths> parts, const FileSet* set,
                                 const FileForm& form);

}  // namespace qmnist
