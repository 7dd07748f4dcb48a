#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/data/set_info.h"

namespace qmnist {

/// The names of the files of a part of a set.
struct PartFiles {
  DataPart::Kind kind;
  std::string images;
  std::string labels;  ///< empty where they are in the images' file
};

/// A set of images as files that have certain names.
struct FileSet {
  SetInfo info;
  std::vector<PartFiles> parts;
  /// Name of a file that may be there and tells the classes' names; empty: there is none.
  std::string mapping = {};
};

/// The same, of literals.
struct PartNames {
  DataPart::Kind kind;
  std::string_view images;
  std::string_view labels;
};

/// A set of these parts, made member by member: where one of a braced list of strings cannot be
/// allocated, GCC 12 frees what it has not made.
[[nodiscard]] FileSet file_set(SetInfo info, std::initializer_list<PartNames> parts);

/// A file of this name in `folder`: plain or, except NumPy's, as .gz; of IDX files also with the
/// dot that Kaggle and 7-Zip write, train-images.idx3-ubyte.
[[nodiscard]] std::optional<std::filesystem::path> find_data_file(
    const std::filesystem::path& folder, std::string_view name);

/// Whether all files of one of the sets lie in `folder`.
[[nodiscard]] bool holds_one_of(const std::filesystem::path& folder, std::span<const FileSet> sets);

/// The one set of which all files lie in `folder`.
/// @throws DataError naming the file that is missing, or the sets if there are several
[[nodiscard]] const FileSet& find_set(const std::filesystem::path& folder,
                                      std::span<const FileSet> sets);

/// Of the sets, the one that has images in a file of that name, or nullptr.
[[nodiscard]] const FileSet* find_set_of(const std::filesystem::path& images,
                                         std::span<const FileSet> sets);

}  // namespace qmnist
