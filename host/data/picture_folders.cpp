#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/data/data_sources.h"
#include "host/data/pictures.h"
#include "host/data/printable.h"
#include "host/data/sha256.h"
#include "host/error.h"
#include "host/image/image_names.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// Calls `visit` for each entry that is not hidden, until it returns false.
/// @return why the folder cannot be read; nothing if it can
std::error_code for_each_entry(const fs::path& folder,
                               const std::function<bool(const fs::directory_entry&)>& visit) {
  std::error_code reason;
  for (fs::directory_iterator entry(folder, reason), end; !reason && entry != end;
       entry.increment(reason)) {
    if (!entry->path().filename().string().starts_with('.') && !visit(*entry)) {
      break;
    }
  }
  return reason;
}

/// Whether this is a folder, but none with the charts of a training run or a sweep.
bool is_class_folder(const fs::directory_entry& entry, std::error_code& reason) {
  std::error_code unknown;
  return entry.is_directory(reason) && !fs::exists(entry.path() / "report.html", unknown) &&
         !fs::exists(entry.path() / "sweep.html", unknown);
}

bool is_picture(const fs::directory_entry& entry) {
  std::error_code unknown;  // reading it says why
  return is_image_name(entry.path()) && !entry.is_directory(unknown);
}

bool holds_picture(const fs::path& folder) {
  bool found = false;
  (void)for_each_entry(folder, [&](const fs::directory_entry& entry) {
    found = is_picture(entry);
    return !found;
  });
  return found;
}

/// Whether at least so many class folders in this one hold pictures. What cannot be read does not.
bool holds_classes(const fs::path& folder, std::size_t count) {
  std::size_t found = 0;
  (void)for_each_entry(folder, [&](const fs::directory_entry& entry) {
    std::error_code unknown;
    found += is_class_folder(entry, unknown) && holds_picture(entry.path()) ? 1 : 0;
    return found < count;
  });
  return found == count;
}

struct PartFolder {
  DataPart::Kind kind;
  fs::path path;
};

/// The parts that have their names and, at least one of them, class folders; else the folder itself
/// as the only part.
std::vector<PartFolder> parts_in(const fs::path& folder) {
  using Kind = DataPart::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 4> kParts{{{"training", Kind::kTraining},
                                                                     {"train", Kind::kTraining},
                                                                     {"testing", Kind::kTest},
                                                                     {"test", Kind::kTest}}};
  std::vector<PartFolder> parts;
  for (const auto& [name, kind] : kParts) {
    if (fs::is_directory(folder / name)) {
      parts.push_back({kind, folder / name});
    }
  }
  const auto has_class = [](const PartFolder& part) { return holds_classes(part.path, 1); };
  return std::ranges::any_of(parts, has_class) ? parts
                                               : std::vector{PartFolder{Kind::kOther, folder}};
}

[[noreturn]] void fail_unreadable(const fs::path& path, const std::error_code& reason) {
  throw DataError("{}: cannot be read: {}; expected a folder of pictures", path.string(),
                  reason.message());
}

/// The entries that are not hidden, sorted.
std::vector<fs::directory_entry> entries_in(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  const std::error_code reason = for_each_entry(folder, [&](const fs::directory_entry& entry) {
    entries.push_back(entry);
    return true;
  });
  if (reason) {
    fail_unreadable(folder, reason);
  }
  std::ranges::sort(entries, {}, [](const fs::directory_entry& entry) -> const std::string& {
    return entry.path().native();
  });
  return entries;
}

/// A whole number as the count of its digits and these digits, without leading zeros: sorts by
/// value, and may have any length.
using Number = std::pair<std::size_t, std::string_view>;

/// @return nothing if the text is not a whole number
std::optional<Number> number_of(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  return Number{text.size(), text};
}

/// The number that is the name of a file without folder and extension.
std::optional<Number> number_of_file(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  return number_of(path.substr(0, path.rfind('.')));
}

/// Sorts sorted names by their numbers if all have one.
void sort_by_number(Names& names, std::optional<Number> (*number)(std::string_view)) {
  if (std::ranges::all_of(names, [&](const auto& name) { return number(name).has_value(); })) {
    std::ranges::stable_sort(names, {}, number);
  }
}

Names class_folders_in(const fs::path& part) {
  Names names;
  for (const fs::directory_entry& entry : entries_in(part)) {
    std::error_code reason;
    if (is_class_folder(entry, reason)) {
      names.push_back(entry.path().filename().string());
    }
    if (reason) {
      fail_unreadable(entry.path(), reason);
    }
  }
  sort_by_number(names, number_of);
  return names;
}

ClassNames classes_in(const fs::path& part) {
  Names names = class_folders_in(part);
  if (names.size() < kMinClasses || names.size() > kMaxClasses) {
    throw DataError(
        "{}: has {} folders of pictures; expected one for each of {} to {} classes; set data.dir "
        "to the folder that has them",
        part.string(), names.size(), kMinClasses, kMaxClasses);
  }
  if (const auto wrong = std::ranges::find_if_not(names, is_class_name); wrong != names.end()) {
    throw DataError(
        "{}: the folder {} cannot name a class; expected 1 to 64 bytes of UTF-8 without control "
        "characters",
        part.string(), printable(*wrong));
  }
  return names;
}

struct Picture {
  std::string path;  ///< below the part's folder
  std::size_t label;

  [[nodiscard]] std::optional<Number> number() const { return number_of_file(path); }
};

/// Appends a class's pictures, sorted by their names.
void append_class(const fs::path& part, const std::string& name, std::size_t label,
                  std::vector<Picture>& pictures) {
  Names paths;
  for (const fs::directory_entry& entry : entries_in(part / name)) {
    if (is_picture(entry)) {
      paths.push_back(fmt::format("{}/{}", name, entry.path().filename().string()));
    }
  }
  if (paths.empty()) {
    throw DataError("{}", no_images_in(part / name));
  }
  sort_by_number(paths, number_of_file);
  for (std::string& path : paths) {
    pictures.push_back({std::move(path), label});
  }
}

/// Orders a part's pictures by the numbers that name them, if these are all different: they may be
/// places in a file of images.
void order_by_number(std::vector<Picture>& pictures) {
  std::vector<Picture> ordered = pictures;
  std::ranges::stable_sort(ordered, {}, &Picture::number);
  const bool are_numbers = ordered.front().number().has_value();  // one without would be first
  if (are_numbers && std::ranges::adjacent_find(ordered, {}, &Picture::number) == ordered.end()) {
    pictures = std::move(ordered);
  }
}

bool contains(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// A part's pictures in their order.
std::vector<Picture> pictures_in(const fs::path& part, const ClassNames& classes) {
  const Names folders = class_folders_in(part);
  if (folders.empty()) {
    throw DataError("{}: has no folders of pictures; expected one for each class", part.string());
  }
  for (const std::string& folder : folders) {
    if (!contains(classes, folder)) {
      throw DataError("{}: is none of the training part's classes, {}; expected one of them",
                      (part / folder).string(), classes_text(classes));
    }
  }
  std::vector<Picture> pictures;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    if (contains(folders, classes[label])) {
      append_class(part, classes[label], label, pictures);
    }
  }
  order_by_number(pictures);
  return pictures;
}

/// SHA-256 of what `sha256sum --zero` prints for the pictures, sorted by their paths.
std::string checksum(std::span<const Picture> pictures, std::span<const std::string> sha256) {
  std::vector<std::pair<std::string_view, std::string_view>> files;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    files.emplace_back(pictures[i].path, sha256[i]);
  }
  std::ranges::sort(files);
  Sha256 sum;
  for (const auto& [path, digest] : files) {
    const std::string line = fmt::format("{}  {}{}", digest, path, '\0');
    sum.add(std::as_bytes(std::span(line)));
  }
  return sum.digest();
}

/// The folder as a path that ends in its name, which "." and "mnist/" do not.
fs::path with_name(const fs::path& folder) {
  return fs::absolute(folder / ".").lexically_normal().parent_path();
}

}  // namespace

bool detect_picture_folders(const fs::path& folder) {
  return std::ranges::any_of(parts_in(folder), [](const PartFolder& part) {
    return holds_classes(part.path, kMinClasses);
  });
}

Dataset load_picture_folders(const fs::path& folder, const ReadOptions& options) {
  const std::vector<PartFolder> parts = parts_in(folder);
  if (const auto twice = std::ranges::adjacent_find(parts, {}, &PartFolder::kind);
      twice != parts.end()) {
    throw DataError("{}: holds {} and {}; expected one of them", folder.string(),
                    twice->path.filename().string(), (twice + 1)->path.filename().string());
  }
  Dataset dataset;
  dataset.name = fmt::format("{} (pictures)", with_name(folder).filename().string());
  dataset.classes = classes_in(parts.front().path);
  dataset.has_known_classes = true;
  std::vector<std::vector<Picture>> pictures;  // of each part
  std::vector<fs::path> files;
  for (const PartFolder& part : parts) {
    pictures.push_back(pictures_in(part.path, dataset.classes));
    for (const Picture& picture : pictures.back()) {
      files.push_back(part.path / picture.path);
      dataset.labels.push_back(static_cast<std::uint8_t>(picture.label));
    }
    dataset.parts.push_back({part.kind, pictures.back().size()});
  }
  Pictures read = read_pictures(files, options.on_files_read);
  dataset.pixels = std::move(read.pixels);
  std::span<const std::string> sha256(read.sha256);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t count = pictures[i].size();
    dataset.files.push_back({with_name(parts[i].path), checksum(pictures[i], sha256.first(count))});
    sha256 = sha256.subspan(count);
  }
  return dataset;
}

}  // namespace qmnist
