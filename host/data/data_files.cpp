#include "host/data/data_files.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/data/emnist.h"
#include "host/data/known_sets.h"
#include "host/data/sha256.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::vector<PartPaths> paths_of(const fs::path& folder, const FileSet& set,
                                const FileFormat& format) {
  std::vector<PartPaths> parts;
  for (const PartFiles& part : set.parts) {
    parts.push_back(
        {.kind = part.kind,
         .format = &format,
         .images = find_data_file(folder, part.images).value(),
         .labels = part.labels.empty() ? fs::path() : find_data_file(folder, part.labels).value()});
  }
  return parts;
}

std::vector<DataFile> files_of(std::span<const PartPaths> parts) {
  std::vector<DataFile> files;
  for (const PartPaths& part : parts) {
    for (const fs::path& path : {part.images, part.labels}) {
      if (!path.empty()) {
        files.push_back({path, sha256_of_file(path)});
      }
    }
  }
  return files;
}

LabelRange labels_of(const SetInfo& info) {
  return {
      .first = info.form.first_label,
      .count = info.classes.empty() ? kMaxClasses - info.form.first_label : info.classes.size()};
}

void transpose(std::span<std::uint8_t> image) {
  for (std::size_t row = 0; row < kImageSide; ++row) {
    for (std::size_t column = 0; column < row; ++column) {
      std::swap(image[row * kImageSide + column], image[column * kImageSide + row]);
    }
  }
}

/// What is known of a set by its files' names, or else by their checksums.
/// @param set that has files of these names; nullptr if none has
std::optional<SetInfo> known_info(const FileSet* set, std::span<const PartPaths> parts,
                                  std::span<const DataFile> files) {
  if (set == nullptr || set->info.classes.empty()) {
    return find_known_set(files);
  }
  SetInfo info = set->info;
  const fs::path mapping = parts.front().images.parent_path() / set->mapping;
  if (!set->mapping.empty() && fs::is_regular_file(mapping)) {
    info.classes = read_emnist_mapping(mapping, labels_of(info));
  }
  return info;
}

}  // namespace

Dataset load_parts(std::span<const PartPaths> parts, const FileSet* set, const FileForm& form) {
  Dataset dataset;
  dataset.files = files_of(parts);
  const std::optional<SetInfo> known = known_info(set, parts, dataset.files);
  const SetInfo info = known.value_or(
      SetInfo{.name = fmt::format("{} files", parts.front().format->name), .form = form});
  dataset.name = info.name;
  dataset.classes = info.classes;
  dataset.has_known_classes = !info.classes.empty();
  dataset.is_mnist = info.is_mnist;
  for (const PartPaths& part : parts) {
    part.format->append(dataset, part, labels_of(info));
  }
  if (info.form.transposed) {
    for (std::size_t image = 0; image < dataset.count(); ++image) {
      transpose(std::span(dataset.pixels).subspan(image * kPixels, kPixels));
    }
  }
  return dataset;
}

Dataset load_one_of(const fs::path& folder, std::span<const FileSet> sets, const FileFormat& format,
                    const FileForm& form) {
  const FileSet& set = find_set(folder, sets);
  return load_parts(paths_of(folder, set, format), &set, form);
}

}  // namespace qmnist
