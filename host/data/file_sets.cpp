#include "host/data/file_sets.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "host/data/huge_pages.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

bool is_numpy(std::string_view name) {
  return name.ends_with(".npy") || name.ends_with(".npz");
}

std::vector<std::string> files_of(const FileSet& set) {
  std::vector<std::string> names;
  for (const PartFiles& part : set.parts) {
    names.push_back(part.images);
    if (!part.labels.empty()) {
      names.push_back(part.labels);
    }
  }
  return names;
}

std::vector<std::string> missing_files(const fs::path& folder, const FileSet& set) {
  std::vector<std::string> names = files_of(set);
  std::erase_if(names,
                [&](const std::string& name) { return find_data_file(folder, name).has_value(); });
  return names;
}

/// Names the first file that is missing from the set that is nearest to being complete.
[[noreturn]] void fail_incomplete(const fs::path& folder, std::span<const FileSet> sets) {
  const FileSet& nearest = *std::ranges::min_element(sets, {}, [&](const FileSet& set) {
    return static_cast<std::ptrdiff_t>(missing_files(folder, set).size()) -
           static_cast<std::ptrdiff_t>(files_of(set).size());
  });
  const std::string name = missing_files(folder, nearest).front();
  throw DataError("{}: {} is missing; set data.dir to the folder that has it", folder.string(),
                  is_numpy(name) ? name : fmt::format("{0} or {0}.gz", name));
}

const FileSet& find_set(const fs::path& folder, std::span<const FileSet> sets) {
  std::vector<const FileSet*> complete;
  std::vector<std::string_view> names;
  for (const FileSet& set : sets) {
    if (missing_files(folder, set).empty()) {
      complete.push_back(&set);
      names.emplace_back(set.name);
    }
  }
  if (complete.empty()) {
    fail_incomplete(folder, sets);
  }
  if (complete.size() > 1) {
    throw DataError("{}: holds {}; expected one of them, the others in folders of their own",
                    folder.string(), fmt::join(names, " and "));
  }
  return *complete.front();
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

std::optional<fs::path> find_data_file(const fs::path& folder, std::string_view name) {
  std::vector<std::string> names{std::string(name)};
  if (const std::size_t place = name.find("-idx"); place != std::string_view::npos) {
    names.emplace_back(name).at(place) = '.';
  }
  for (const std::string& plain : names) {
    for (const std::string_view ending : {"", ".gz"}) {
      fs::path path = folder / fmt::format("{}{}", plain, ending);
      if (fs::is_regular_file(path) && (ending.empty() || !is_numpy(plain))) {
        return path;
      }
    }
  }
  return std::nullopt;
}

bool holds_one_of(const fs::path& folder, std::span<const FileSet> sets) {
  return std::ranges::any_of(
      sets, [&](const FileSet& set) { return missing_files(folder, set).empty(); });
}

Dataset load_one_of(const fs::path& folder, std::span<const FileSet> sets,
                    const std::function<void(Dataset&, const PartPaths&)>& append) {
  const FileSet& set = find_set(folder, sets);
  Dataset dataset;
  dataset.name = set.name;
  for (const PartFiles& part : set.parts) {
    append(dataset, {.kind = part.kind,
                     .images = find_data_file(folder, part.images).value(),
                     .labels = part.labels.empty() ? fs::path()
                                                   : find_data_file(folder, part.labels).value()});
  }
  return dataset;
}

Dataset load_single(const fs::path& images, const fs::path& labels,
                    const std::function<void(Dataset&, const PartPaths&)>& append) {
  Dataset dataset;
  dataset.name = images.filename().string();
  append(dataset, {.kind = kind_by_name(dataset.name), .images = images, .labels = labels});
  return dataset;
}

void append_part(Dataset& dataset, DataPart::Kind kind, std::span<const std::uint8_t> pixels,
                 std::span<const std::uint8_t> labels) {
  reserve_on_huge_pages(dataset.pixels, dataset.pixels.size() + pixels.size());
  dataset.pixels.insert(dataset.pixels.end(), pixels.begin(), pixels.end());
  dataset.labels.insert(dataset.labels.end(), labels.begin(), labels.end());
  dataset.parts.push_back({kind, labels.size()});
}

}  // namespace qmnist
