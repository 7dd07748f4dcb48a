#pragma once

#include <filesystem>
#include <span>

#include "host/data/dataset.h"
#include "host/data/file_format.h"
#include "host/data/file_sets.h"

namespace qmnist {

/// Loads the one set of which all files lie in `folder`.
/// @param form of a set that the program does not know
/// @throws DataError as find_set(), or naming a file that is wrong; UsageError where a form is
/// given
///   for a set that is known
[[nodiscard]] Dataset load_one_of(const std::filesystem::path& folder,
                                  std::span<const FileSet> sets, const FileFormat& format,
                                  const FileForm& form);

/// Loads one file of images, with the labels beside it, as a set of one part that has the file's
/// name. @throws DataError likewise
[[nodiscard]] Dataset load_images_file(const std::filesystem::path& path);

}  // namespace qmnist
