#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "host/data/dataset.h"
#include "host/data/file_sets.h"
#include "host/data/label.h"

namespace qmnist {

struct FileFormat;

/// The files of a part of a set.
struct PartPaths {
  DataPart::Kind kind;
  const FileFormat* format;
  std::filesystem::path images;
  std::filesystem::path labels;  ///< empty where they are in the images' file
};

/// A format of files with images and labels.
struct FileFormat {
  std::string_view name;  ///< for people
  /// Reads a part and appends it.
  /// @throws DataError naming file, place and expectation
  void (*append)(Dataset& dataset, const PartPaths& part, const LabelRange& labels);
  /// The labels that lie beside images under a name like theirs; empty where they are in the same
  /// file. @throws DataError where there are none
  std::filesystem::path (*labels_beside)(const std::filesystem::path& images);
  /// The sets of such files.
  std::vector<FileSet> (*sets)();
};

extern const FileFormat kIdxFormat;
extern const FileFormat kCsvFormat;
extern const FileFormat kNpzFormat;
extern const FileFormat kNpyFormat;

/// Appends images with their labels as one part.
void append_part(Dataset& dataset, DataPart::Kind kind, std::vector<std::uint8_t> pixels,
                 std::span<const std::uint8_t> labels);

/// The format that a file of images has by its name; kIdxFormat if that says nothing.
[[nodiscard]] const FileFormat& format_of(const std::filesystem::path& images);

}  // namespace qmnist
