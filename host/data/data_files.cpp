#include "host/data/data_files.h"

#include <string>
#include <string_view>
#include <vector>

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

Dataset load_parts(std::span<const PartPaths> parts, const SetInfo& info) {
  Dataset dataset;
  dataset.name = info.name;
  dataset.classes = info.classes;
  dataset.has_known_classes = !info.classes.empty();
  for (const PartPaths& part : parts) {
    for (const fs::path& path : {part.images, part.labels}) {
      if (!path.empty()) {
        dataset.files.push_back({path, sha256_of_file(path)});
      }
    }
  }
  const LabelRange labels{.count = info.classes.empty() ? kMaxClasses : info.classes.size()};
  for (const PartPaths& part : parts) {
    part.format->append(dataset, part, labels);
  }
  return dataset;
}

/// What a file of this name holds, as far as that tells.
DataPart::Kind kind_by_name(std::string_view name) {
  if (name.find("train") != std::string_view::npos) {
    return DataPart::Kind::kTraining;
  }
  const bool is_test =
      name.find("t10k") != std::string_view::npos || name.find("test") != std::string_view::npos;
  return is_test ? DataPart::Kind::kTest : DataPart::Kind::kOther;
}

}  // namespace

Dataset load_one_of(const fs::path& folder, std::span<const FileSet> sets,
                    const FileFormat& format) {
  const FileSet& set = find_set(folder, sets);
  return load_parts(paths_of(folder, set, format), set.info);
}

Dataset load_images_file(const fs::path& path) {
  const FileFormat& format = format_of(path);
  const std::vector<FileSet> sets = format.sets();
  const FileSet* const set = find_set_of(path, sets);
  const std::string name = path.filename().string();
  const PartPaths part{.kind = kind_by_name(name),
                       .format = &format,
                       .images = path,
                       .labels = format.labels_beside(path)};
  Dataset dataset = load_parts({&part, 1}, set == nullptr ? SetInfo{name} : set->info);
  dataset.name = name;
  return dataset;
}

}  // namespace qmnist
