#include "host/data/file_sets.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

bool is_numpy(std::string_view name) {
  return name.ends_with(".npy") || name.ends_with(".npz");
}

/// The names that a file of this name may have.
std::vector<std::string> variants_of(std::string_view name) {
  std::vector<std::string> variants{std::string(name)};
  if (is_numpy(name)) {
    return variants;
  }
  variants.push_back(fmt::format("{}.gz", name));
  if (const std::size_t place = name.find("-idx"); place != std::string_view::npos) {
    std::string dotted(name);
    dotted.at(place) = '.';
    variants.push_back(dotted);
    variants.push_back(dotted + ".gz");
  }
  return variants;
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

}  // namespace

FileSet file_set(SetInfo info, std::initializer_list<PartNames> parts) {
  FileSet set{.info = std::move(info), .parts = {}};
  for (const auto& [kind, images, labels] : parts) {
    set.parts.push_back({kind, std::string(images), std::string(labels)});
  }
  return set;
}

std::optional<fs::path> find_data_file(const fs::path& folder, std::string_view name) {
  for (const std::string& variant : variants_of(name)) {
    if (fs::is_regular_file(folder / variant)) {
      return folder / variant;
    }
  }
  return std::nullopt;
}

bool holds_one_of(const fs::path& folder, std::span<const FileSet> sets) {
  return std::ranges::any_of(
      sets, [&](const FileSet& set) { return missing_files(folder, set).empty(); });
}

const FileSet& find_set(const fs::path& folder, std::span<const FileSet> sets) {
  std::vector<const FileSet*> complete;
  std::vector<std::string_view> names;
  for (const FileSet& set : sets) {
    if (missing_files(folder, set).empty()) {
      complete.push_back(&set);
      names.emplace_back(set.info.name);
    }
  }
  if (complete.empty()) {
    fail_incomplete(folder, sets);
  }
  if (complete.size() > 1) {
    throw DataError(
        "{}: holds {}; expected one of them: put the others into folders of their own, or name the "
        "files by data.images and data.test_images",
        folder.string(), fmt::join(names, " and "));
  }
  return *complete.front();
}

const FileSet* find_set_of(const fs::path& images, std::span<const FileSet> sets) {
  const std::string name = images.filename().string();
  const auto has_it = [&](const PartFiles& part) {
    const std::vector<std::string> variants = variants_of(part.images);
    return std::ranges::find(variants, name) != variants.end();
  };
  const auto found = std::ranges::find_if(
      sets, [&](const FileSet& set) { return std::ranges::any_of(set.parts, has_it); });
  return found == sets.end() ? nullptr : &*found;
}

}  // namespace qmnist
