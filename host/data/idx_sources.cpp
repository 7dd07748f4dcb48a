#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "host/data/data_sources.h"
#include "host/data/huge_pages.h"
#include "host/data/idx.h"
#include "host/data/sha256.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// One part (training or test) of a set that comes as IDX files.
struct IdxPart {
  DataPart::Kind kind;
  std::string_view images;
  std::string_view labels;
};

constexpr std::array<IdxPart, 2> kMnistParts{{
    {DataPart::Kind::kTraining, "train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
    {DataPart::Kind::kTest, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
}};
constexpr std::array<IdxPart, 2> kQmnistParts{{
    {DataPart::Kind::kTraining, "qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"},
    {DataPart::Kind::kTest, "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"},
}};

std::optional<fs::path> find_file(const fs::path& folder, std::string_view name) {
  for (const std::string_view ending : {"", ".gz"}) {
    fs::path path = folder / fmt::format("{}{}", name, ending);
    if (fs::is_regular_file(path)) {
      return path;
    }
  }
  return std::nullopt;
}

fs::path require_file(const fs::path& folder, std::string_view name) {
  std::optional<fs::path> path = find_file(folder, name);
  if (!path) {
    throw DataError("{}: {} or {}.gz is missing; set data.dir to the folder that has it",
                    folder.string(), name, name);
  }
  return *path;
}

bool is_complete(const fs::path& folder, std::span<const IdxPart> parts) {
  return std::ranges::all_of(parts, [&](const IdxPart& part) {
    return find_file(folder, part.images) && find_file(folder, part.labels);
  });
}

std::uint8_t checked_label(const fs::path& path, std::size_t offset, std::size_t index,
                           std::int32_t label) {
  if (label < 0 || label >= static_cast<std::int32_t>(kClasses)) {
    throw DataError("{}: byte {}: the label of image {} is {}; expected a digit from 0 to 9",
                    path.string(), offset, index, label);
  }
  return static_cast<std::uint8_t>(label);
}

std::vector<std::uint8_t> read_mnist_labels(const fs::path& path) {
  constexpr std::size_t kHeader = 8;
  IdxArray<std::uint8_t> array = read_idx_bytes(path);
  if (array.shape.size() != 1) {
    throw DataError("{}: byte 3: has rank {}; expected a list of labels, rank 1", path.string(),
                    array.shape.size());
  }
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    checked_label(path, kHeader + i, i, array.values[i]);
  }
  return std::move(array.values);
}

/// The first of QMNIST's eight columns is the class.
/// Source: https://github.com/facebookresearch/qmnist (The QMNIST extended labels)
std::vector<std::uint8_t> read_qmnist_labels(const fs::path& path) {
  constexpr std::size_t kHeader = 12;
  constexpr std::size_t kColumns = 8;
  const IdxArray<std::int32_t> array = read_idx_integers(path);
  if (array.shape.size() != 2 || array.shape[1] != kColumns) {
    throw DataError(
        "{}: byte 3: has sizes {}; expected QMNIST's extended labels, rank 2 with {} "
        "columns",
        path.string(), fmt::join(array.shape, " x "), kColumns);
  }
  std::vector<std::uint8_t> labels(array.shape[0]);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t place = i * kColumns;
    labels[i] = checked_label(path, kHeader + 4 * place, i, array.values[place]);
  }
  return labels;
}

/// Labels in QMNIST's form if the file's name says so, else in MNIST's.
std::vector<std::uint8_t> read_labels(const fs::path& path) {
  const bool is_qmnist = path.filename().string().find("idx2-int") != std::string::npos;
  return is_qmnist ? read_qmnist_labels(path) : read_mnist_labels(path);
}

void append_files(Dataset& dataset, const fs::path& images_path, const fs::path& labels_path,
                  DataPart::Kind kind) {
  const IdxArray<std::uint8_t> images = read_idx_bytes(images_path);
  if (images.shape.size() != 3 || images.shape[1] != kImageSide || images.shape[2] != kImageSide) {
    throw DataError("{}: byte 3: has sizes {}; expected images of {} x {} pixels, rank 3",
                    images_path.string(), fmt::join(images.shape, " x "), kImageSide, kImageSide);
  }
  if (images.shape[0] == 0) {
    throw DataError("{}: byte 4: has no images; expected at least one", images_path.string());
  }
  const std::vector<std::uint8_t> labels = read_labels(labels_path);
  if (labels.size() != images.shape[0]) {
    throw DataError("{}: byte 4: announces {} labels; expected {}, as many as {} has images",
                    labels_path.string(), labels.size(), images.shape[0],
                    images_path.filename().string());
  }
  reserve_on_huge_pages(dataset.pixels, dataset.pixels.size() + images.values.size());
  dataset.pixels.insert(dataset.pixels.end(), images.values.begin(), images.values.end());
  dataset.labels.insert(dataset.labels.end(), labels.begin(), labels.end());
  dataset.parts.push_back({kind, labels.size()});
  for (const fs::path& path : {images_path, labels_path}) {
    dataset.files.push_back({path, sha256_of_file(path)});
  }
}

Dataset load_idx_parts(const fs::path& folder, std::span<const IdxPart> parts,
                       std::string_view name) {
  Dataset dataset;
  dataset.name = name;
  for (const IdxPart& part : parts) {
    append_files(dataset, require_file(folder, part.images), require_file(folder, part.labels),
                 part.kind);
  }
  return dataset;
}

/// The labels of a file of images, by the names that MNIST and QMNIST give their files.
fs::path labels_beside(const fs::path& images) {
  constexpr std::string_view kImages = "images-idx3-ubyte";
  const std::string name = images.filename().string();
  const std::size_t place = name.find(kImages);
  if (place == std::string::npos) {
    throw DataError("{}: has no {} in its name; expected IDX images whose labels lie beside them",
                    images.string(), kImages);
  }
  const std::string before = name.substr(0, place);
  for (const std::string_view ending : {"labels-idx2-int", "labels-idx1-ubyte"}) {
    if (auto labels = find_file(images.parent_path(), fmt::format("{}{}", before, ending))) {
      return *labels;
    }
  }
  throw DataError("{}: has no labels in its folder; expected {}labels-idx1-ubyte", images.string(),
                  before);
}

DataPart::Kind kind_by_name(std::string_view name) {
  if (name.find("train") != std::string_view::npos) {
    return DataPart::Kind::kTraining;
  }
  const bool is_test =
      name.find("t10k") != std::string_view::npos || name.find("test") != std::string_view::npos;
  return is_test ? DataPart::Kind::kTest : DataPart::Kind::kOther;
}

}  // namespace

bool detect_qmnist(const fs::path& folder) {
  return is_complete(folder, kQmnistParts);
}

Dataset load_qmnist(const fs::path& folder) {
  return load_idx_parts(folder, kQmnistParts, "QMNIST");
}

bool detect_mnist(const fs::path& folder) {
  return is_complete(folder, kMnistParts);
}

Dataset load_mnist(const fs::path& folder) {
  return load_idx_parts(folder, kMnistParts, "MNIST");
}

Dataset load_idx_file(const fs::path& path) {
  Dataset dataset;
  dataset.name = path.filename().string();
  append_files(dataset, path, labels_beside(path), kind_by_name(dataset.name));
  return dataset;
}

}  // namespace qmnist
