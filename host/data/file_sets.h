#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"

namespace qmnist {

/// The names of the files of a part of a set.
struct PartFiles {
  DataPart::Kind kind;
  std::string images;
  std::string labels;  ///< empty where they are in the images' file
};

/// A set of images as files that have certain names.
struct FileSet {
  std::string name;  ///< Dataset::name
  std::vector<PartFiles> parts;
};

/// A file of this name in `folder`: plain or, except NumPy's, as .gz; of IDX files also with the
/// dot that Kaggle and 7-Zip write, train-images.idx3-ubyte.
[[nodiscard]] std::optional<std::filesystem::path> find_data_file(
    const std::filesystem::path& folder, std::string_view name);

/// Whether all files of one of the sets lie in `folder`.
[[nodiscard]] bool holds_one_of(const std::filesystem::path& folder, std::span<const FileSet> sets);

/// A part whose files were found.
struct PartPaths {
  DataPart::Kind kind;
  std::filesystem::path images;
  std::filesystem::path labels;  ///< empty where they are in the images' file
};

/// Loads the one set of which all files lie in `folder`.
/// @param append reads a part and appends it
/// @throws DataError naming the file that is missing, or the sets if there are several
[[nodiscard]] Dataset load_one_of(const std::filesystem::path& folder,
                                  std::span<const FileSet> sets,
                                  const std::function<void(Dataset&, const PartPaths&)>& append);

/// Loads one file of images as a set of one part, which has the file's name.
/// @param labels empty where they are in the same file
/// @param append as for load_one_of()
[[nodiscard]] Dataset load_single(const std::filesystem::path& images,
                                  const std::filesystem::path& labels,
                                  const std::function<void(Dataset&, const PartPaths&)>& append);

/// Appends images with their labels as one part.
void append_part(Dataset& dataset, DataPart::Kind kind, std::span<const std::uint8_t> pixels,
                 std::span<const std::uint8_t> labels);

}  // namespace qmnist
