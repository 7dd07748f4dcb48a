#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "host/data/data_files.h"
#include "host/data/known_sets.h"
#include "host/data/npy.h"
#include "host/data/npz.h"
#include "host/error.h"
#include "host/read_file.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
/// The name of the only array in an archive that numpy.savez was given without names.
constexpr std::string_view kOnlyArray = "arr_0";

/// Kuzushiji's sets: `word`-train-imgs.npz and so on.
FileSet kuzushiji_set(SetInfo info, std::string_view word) {
  FileSet set{.info = std::move(info), .parts = {}};
  for (const auto& [kind, part] :
       {std::pair{DataPart::Kind::kTraining, "train"}, std::pair{DataPart::Kind::kTest, "test"}}) {
    set.parts.push_back({kind, fmt::format("{}-{}-imgs.npz", word, part),
                         fmt::format("{}-{}-labels.npz", word, part)});
  }
  return set;
}

std::vector<FileSet> npz_sets() {
  using Kind = DataPart::Kind;
  return {file_set({"mnist.npz"}, {{Kind::kOther, "mnist.npz", ""}}),
          kuzushiji_set(kmnist_info(), "kmnist"), kuzushiji_set(kuzushiji_49_info(), "k49")};
}

std::vector<FileSet> npy_sets() {
  using Kind = DataPart::Kind;
  return {file_set({"x_train.npy and others"}, {{Kind::kTraining, "x_train.npy", "y_train.npy"},
                                                {Kind::kTest, "x_test.npy", "y_test.npy"}}),
          file_set({"train_images.npy and others"},
                   {{Kind::kTraining, "train_images.npy", "train_labels.npy"},
                    {Kind::kTest, "test_images.npy", "test_labels.npy"}}),
          file_set({"images.npy and labels.npy"}, {{Kind::kOther, "images.npy", "labels.npy"}})};
}

/// What to write for a word in the name of a file of images, for the name of that of its labels.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kLabelWords{
    {{"images", "labels"}, {"imgs", "labels"}, {"x_", "y_"}, {"X_", "y_"}}};

/// The labels of a file of images, by the names that such files have.
fs::path labels_of_arrays(const fs::path& images) {
  const std::string name = images.filename().string();
  for (const auto& [word, replacement] : kLabelWords) {
    if (const std::size_t place = name.find(word); place != std::string::npos) {
      const std::string labels = std::string(name).replace(place, word.size(), replacement);
      if (auto path = find_data_file(images.parent_path(), labels)) {
        return *path;
      }
      throw DataError("{}: has no labels in its folder; expected {}", images.string(), labels);
    }
  }
  throw DataError(
      "{}: has none of images, imgs and x_ in its name; expected images whose labels lie beside "
      "them, as x_test.npy and y_test.npy",
      images.string());
}

void append_arrays(Dataset& dataset, DataPart::Kind kind, const numpy::Array& images,
                   const numpy::Array& labels, const LabelRange& range) {
  std::vector<std::uint8_t> pixels = numpy::to_pixels(images);
  const auto digits = numpy::to_labels(labels, pixels.size() / kPixels, range);
  append_part(dataset, kind, std::move(pixels), digits);
}

void append_npy(Dataset& dataset, const PartPaths& part, const LabelRange& range) {
  constexpr std::string_view kExpected = "a .npy file";
  const std::string images = read_file<DataError>(part.images, kExpected);
  const std::string labels = read_file<DataError>(part.labels, kExpected);
  append_arrays(dataset, part.kind, numpy::parse_npy(bytes_of(images), part.images.string()),
                numpy::parse_npy(bytes_of(labels), part.labels.string()), range);
}

numpy::Npz read_archive(const fs::path& path, std::span<const std::string_view> known) {
  const std::string content = read_file<DataError>(path, "an .npz file");
  return numpy::read_npz(bytes_of(content), path.string(), known);
}

numpy::Array array_in(const numpy::Npz& arrays, const fs::path& path, std::string_view name) {
  const auto array = arrays.find(name);
  if (array == arrays.end()) {
    throw DataError("{}: has no {}.npy", path.string(), name);
  }
  return numpy::parse_npy(array->second, fmt::format("{}: {}.npy", path.string(), name));
}

/// Keras's names: one file with images and labels of both parts.
void append_keras(Dataset& dataset, const fs::path& path, const LabelRange& range) {
  constexpr std::array<std::string_view, 4> kKnown{"x_train", "y_train", "x_test", "y_test"};
  const numpy::Npz arrays = read_archive(path, kKnown);
  append_arrays(dataset, DataPart::Kind::kTraining, array_in(arrays, path, "x_train"),
                array_in(arrays, path, "y_train"), range);
  append_arrays(dataset, DataPart::Kind::kTest, array_in(arrays, path, "x_test"),
                array_in(arrays, path, "y_test"), range);
}

void append_npz(Dataset& dataset, const PartPaths& part, const LabelRange& range) {
  if (part.labels.empty()) {
    append_keras(dataset, part.images, range);
    return;
  }
  const numpy::Npz images = read_archive(part.images, {&kOnlyArray, 1});
  const numpy::Npz labels = read_archive(part.labels, {&kOnlyArray, 1});
  append_arrays(dataset, part.kind, array_in(images, part.images, kOnlyArray),
                array_in(labels, part.labels, kOnlyArray), range);
}

/// Labels lie in a file of their own where images are the only array of theirs.
fs::path labels_of_archive(const fs::path& images) {
  const bool is_pair = images.filename().string().find("imgs") != std::string::npos;
  return is_pair ? labels_of_arrays(images) : fs::path();
}

}  // namespace

const FileFormat kNpzFormat{
    .name = "npz", .append = append_npz, .labels_beside = labels_of_archive, .sets = npz_sets};
const FileFormat kNpyFormat{
    .name = "npy", .append = append_npy, .labels_beside = labels_of_arrays, .sets = npy_sets};

bool detect_npz(const fs::path& folder) {
  return holds_one_of(folder, npz_sets());
}

Dataset load_npz(const fs::path& folder, const ReadOptions& options) {
  return load_one_of(folder, npz_sets(), kNpzFormat, options.form);
}

bool detect_npy(const fs::path& folder) {
  return holds_one_of(folder, npy_sets());
}

Dataset load_npy(const fs::path& folder, const ReadOptions& options) {
  return load_one_of(folder, npy_sets(), kNpyFormat, options.form);
}

}  // namespace qmnist
