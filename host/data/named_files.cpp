#include "host/data/named_files.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/data_files.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// What a file of this name holds, as far as that tells.
DataPart::Kind kind_by_name(std::string_view name) {
  if (name.find("train") != std::string_view::npos) {
    return DataPart::Kind::kTraining;
  }
  const bool is_test =
      name.find("t10k") != std::string_view::npos || name.find("test") != std::string_view::npos;
  return is_test ? DataPart::Kind::kTest : DataPart::Kind::kOther;
}

/// The set that a part is known to be of by the name of its images.
std::optional<FileSet> set_of(const PartPaths& part) {
  const std::vector<FileSet> sets = part.format->sets();
  const FileSet* const set = find_set_of(part.images, sets);
  return set == nullptr || set->info.classes.empty() ? std::nullopt : std::optional(*set);
}

/// The set that all parts are known to be of, which nothing but their names tells.
std::optional<FileSet> set_of_all(std::span<const PartPaths> parts) {
  std::optional<FileSet> first = set_of(parts.front());
  for (const PartPaths& part : parts.subspan(1)) {
    const std::optional<FileSet> other = set_of(part);
    const auto name_of = [](const std::optional<FileSet>& set) {
      return set ? set->info.name : "none";
    };
    if (name_of(first) != name_of(other)) {
      throw UsageError("{}: the set that its name tells is {}, that of {} is {}; expected one set",
                       part.images.string(), name_of(other), parts.front().images.string(),
                       name_of(first));
    }
  }
  return first;
}

/// Throws where the keys do not go together.
void check_named(const DataSettings& settings) {
  const auto needs = [](std::string_view key, const fs::path& value, std::string_view other,
                        const fs::path& needed) {
    if (!value.empty() && needed.empty()) {
      throw UsageError("{} is \"{}\", but {} is empty; name the images, too", key, value.string(),
                       other);
    }
  };
  needs("data.labels", settings.labels, "data.images", settings.images);
  needs("data.test_images", settings.test_images, "data.images", settings.images);
  needs("data.test_labels", settings.test_labels, "data.test_images", settings.test_images);
  if (!settings.images.empty() && settings.source != kAutoSource) {
    throw UsageError(
        "data.images is \"{}\" and data.source \"{}\"; set data.source to \"auto\", as the files "
        "are named",
        settings.images.string(), settings.source);
  }
}

/// The labels that lie beside images; the error names the key that could tell others.
fs::path labels_beside(const PartPaths& part, std::string_view key) {
  try {
    return part.format->labels_beside(part.images);
  } catch (const DataError& error) {
    throw DataError("{}; {} names others", error.what(), key);
  }
}

/// The part whose files are the values of `key` and of `label_key`; the latter may be empty.
PartPaths named_part(const fs::path& folder, DataPart::Kind kind, std::string_view key,
                     const fs::path& images, std::string_view label_key, const fs::path& labels) {
  PartPaths part{
      .kind = kind, .format = &format_of(images), .images = folder / images, .labels = {}};
  if (!fs::is_regular_file(part.images)) {
    throw DataError("{}: is not a file; set {} to the name of one in data.dir",
                    part.images.string(), key);
  }
  if (!labels.empty() && part.format == &kCsvFormat) {
    throw UsageError(
        "{} is \"{}\", but {} is a CSV file, which has its labels itself; leave it out", label_key,
        labels.string(), images.string());
  }
  part.labels = labels.empty() ? labels_beside(part, label_key) : folder / labels;
  return part;
}

}  // namespace

std::optional<Dataset> load_named_files(const DataSettings& settings, const FileForm& form) {
  check_named(settings);
  if (settings.images.empty()) {
    return std::nullopt;
  }
  using Kind = DataPart::Kind;
  const bool has_test = !settings.test_images.empty();
  std::vector<PartPaths> parts{named_part(settings.dir, has_test ? Kind::kTraining : Kind::kOther,
                                          "data.images", settings.images, "data.labels",
                                          settings.labels)};
  if (has_test) {
    parts.push_back(named_part(settings.dir, Kind::kTest, "data.test_images", settings.test_images,
                               "data.test_labels", settings.test_labels));
  }
  const std::optional<FileSet> set = set_of_all(parts);
  return load_parts(parts, set ? &*set : nullptr, form);
}

Dataset load_images_file(const fs::path& path, const FileForm& form) {
  const FileFormat& format = format_of(path);
  const std::string name = path.filename().string();
  const PartPaths part{.kind = kind_by_name(name),
                       .format = &format,
                       .images = path,
                       .labels = format.labels_beside(path)};
  const std::optional<FileSet> set = set_of(part);
  Dataset dataset = load_parts({&part, 1}, set ? &*set : nullptr, form);
  dataset.name = name;
  return dataset;
}

}  // namespace qmnist
