#include "host/data/dataset.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include "host/alternatives.h"
#include "host/data/data_sources.h"
#include "host/data/file_format.h"
#include "host/data/named_files.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_nothing_found(const fs::path& folder) {
  std::vector<std::string_view> files;
  for (const DataSource& source : data_sources()) {
    if (!source.files.empty()) {
      files.push_back(source.files);
    }
  }
  throw DataError("{}: has no complete data set; expected {}; data.images names other files",
                  folder.string(), alternatives(files));
}

const DataSource& detect_source(const fs::path& folder) {
  std::vector<const DataSource*> found;
  std::vector<std::string_view> names;
  for (const DataSource& source : data_sources()) {
    const bool has_larger =
        !found.empty() && !source.family.empty() && found.back()->family == source.family;
    if (!has_larger && source.detect(folder)) {
      found.push_back(&source);
      names.push_back(source.name);
    }
  }
  if (found.empty()) {
    fail_nothing_found(folder);
  }
  if (found.size() > 1) {
    throw DataError(
        "{}: holds several data sets; set data.source to {}, or name a folder that holds one",
        folder.string(), alternatives(names));
  }
  return *found.front();
}

const DataSource& find_source(std::string_view name) {
  const auto sources = data_sources();
  const auto found = std::ranges::find(sources, name, &DataSource::name);
  if (found == sources.end()) {
    throw UsageError("data.source is \"{}\"; expected {}", name, alternatives(data_source_names()));
  }
  return *found;
}

/// Completes a set whose source does not tell the classes.
/// @param count of classes
void number_classes(Dataset& dataset, std::size_t count) {
  if (dataset.classes.empty()) {
    dataset.classes = numbered_classes(std::max(count, kMinClasses));
  }
}

/// The classes that the labels tell. Sets of some of the digits are common; among more classes each
/// label must occur, as a byte that is wrong must not make classes.
std::size_t count_classes(const DataSettings& settings, const Dataset& dataset) {
  std::array<std::size_t, kMaxClasses> images{};
  for (const std::uint8_t label : dataset.labels) {
    images.at(label) += 1;
  }
  const auto largest = std::ranges::max_element(dataset.labels);
  const auto unused = std::ranges::find(images, 0U) - images.begin();
  if (*largest >= kDigitCount && unused < *largest) {
    throw DataError(
        "{}: the label of image {} is {}, but none is {}; expected each label from {} on "
        "(data.first_label)",
        settings.dir.string(), largest - dataset.labels.begin(), *largest + settings.first_label,
        static_cast<std::size_t>(unused) + settings.first_label, settings.first_label);
  }
  return *largest + std::size_t{1};
}

/// Throws if the settings say how to read a set that is known.
void refuse_form(const DataSettings& settings, const Dataset& known) {
  const auto refuse = [&](std::string_view key, const auto& value, const auto& usual) {
    if (value != usual) {
      throw UsageError(
          "{} is {}, but the images are of {}, which is read rightly without; set it to {}", key,
          value, known.name, usual);
    }
  };
  refuse("data.transpose", settings.transpose, false);
  refuse("data.first_label", settings.first_label, std::size_t{0});
}

Dataset load_source(const DataSettings& settings, const ReadOptions& options) {
  const fs::path& folder = settings.dir;
  const DataSource& source =
      settings.source == kAutoSource ? detect_source(folder) : find_source(settings.source);
  Dataset dataset = source.load(folder, options);
  dataset.source = source.name;
  return dataset;
}

/// load_dataset() where the form concerns a set that the program does not know, and no other.
Dataset load_in_form(const DataSettings& settings, const ReadOptions& options) {
  if (!fs::is_directory(settings.dir)) {
    throw DataError("{}: is not a folder; set data.dir to the one that holds the data files",
                    settings.dir.string());
  }
  std::optional<Dataset> named = load_named_files(settings, options.form);
  Dataset dataset = named ? *std::move(named) : load_source(settings, options);
  if (!dataset.has_known_classes) {
    number_classes(dataset, count_classes(settings, dataset));
    dataset.name += fmt::format(", {} classes", dataset.classes.size());
  }
  return dataset;
}

Dataset load_file(const fs::path& path, const FileForm& form) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) {
    throw DataError(
        "{}: cannot be opened; expected IDX images, a .csv, .npy or .npz file, or Kaggle's {}",
        path.string(), kKaggleFile);
  }
  constexpr int kPickleStart = 0x80;  // of any protocol from 2 on
  const bool is_pickle = &format_of(path) == &kIdxFormat && file.peek() == kPickleStart;
  Dataset dataset = is_pickle ? load_kaggle_file(path) : load_images_file(path, form);
  // Of a part of a set, which need not have images of all classes.
  number_classes(dataset, std::ranges::max(dataset.labels) + std::size_t{1});
  return dataset;
}

}  // namespace

FileForm file_form(const DataSettings& settings) {
  return {.transposed = settings.transpose, .first_label = settings.first_label};
}

Dataset load_dataset(const DataSettings& settings, const OnFilesRead& on_files_read) {
  Dataset dataset = load_in_form(settings, {file_form(settings), on_files_read});
  if (dataset.has_known_classes) {
    refuse_form(settings, dataset);
  }
  return dataset;
}

Dataset load_data(const fs::path& path, const ReadOptions& options) {
  return fs::is_directory(path) ? load_in_form({.dir = path}, options)
                                : load_file(path, options.form);
}

}  // namespace qmnist
