#include "host/data/dataset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "host/data/huge_pages.h"
#include "host/data/idx.h"
#include "host/data/pickle.h"
#include "host/data/sha256.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// One part (training or test) of a set that comes as IDX files.
struct IdxPart {
  std::string_view images;
  std::string_view labels;
};

constexpr std::array<IdxPart, 2> kMnistParts{{
    {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
    {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
}};
constexpr std::array<IdxPart, 2> kQmnistParts{{
    {"qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"},
    {"qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"},
}};
constexpr std::string_view kKaggleFile = "MNIST-120k";

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
    throw DataError("{}: there is no {} or {}.gz; set data.dir to the folder that holds it",
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

/// The first of QMNIST's eight columns is the digit.
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

void append_part(Dataset& dataset, const fs::path& folder, const IdxPart& part, bool is_qmnist) {
  const fs::path images_path = require_file(folder, part.images);
  const fs::path labels_path = require_file(folder, part.labels);
  const IdxArray<std::uint8_t> images = read_idx_bytes(images_path);
  if (images.shape.size() != 3 || images.shape[1] != kImageSide || images.shape[2] != kImageSide) {
    throw DataError("{}: byte 3: has sizes {}; expected images of {} x {} pixels, rank 3",
                    images_path.string(), fmt::join(images.shape, " x "), kImageSide, kImageSide);
  }
  if (images.shape[0] == 0) {
    throw DataError("{}: byte 4: holds no image; expected at least one", images_path.string());
  }
  const std::vector<std::uint8_t> labels =
      is_qmnist ? read_qmnist_labels(labels_path) : read_mnist_labels(labels_path);
  if (labels.size() != images.shape[0]) {
    throw DataError("{}: byte 4: announces {} labels; expected {}, as many as {} has images",
                    labels_path.string(), labels.size(), images.shape[0],
                    images_path.filename().string());
  }
  reserve_on_huge_pages(dataset.pixels, dataset.pixels.size() + images.values.size());
  dataset.pixels.insert(dataset.pixels.end(), images.values.begin(), images.values.end());
  dataset.labels.insert(dataset.labels.end(), labels.begin(), labels.end());
  for (const fs::path& path : {images_path, labels_path}) {
    dataset.files.push_back({path, sha256_of_file(path)});
  }
}

Dataset load_idx_parts(const fs::path& folder, std::span<const IdxPart> parts, bool is_qmnist) {
  Dataset dataset{.source = is_qmnist ? DataSource::kQmnist : DataSource::kMnist,
                  .name = is_qmnist ? "QMNIST" : "MNIST",
                  .pixels = {},
                  .labels = {},
                  .files = {}};
  for (const IdxPart& part : parts) {
    append_part(dataset, folder, part, is_qmnist);
  }
  return dataset;
}

Dataset load_kaggle(const fs::path& folder) {
  const fs::path path = folder / kKaggleFile;
  if (!fs::is_regular_file(path)) {
    throw DataError("{}: there is no {}; set data.dir to the folder that holds it", folder.string(),
                    kKaggleFile);
  }
  PickledDigits digits = read_kaggle_pickle(path);
  return {.source = DataSource::kKaggle,
          .name = "MNIST-120k (Kaggle)",
          .pixels = std::move(digits.pixels),
          .labels = std::move(digits.labels),
          .files = {{path, sha256_of_file(path)}}};
}

DataSource find_source(const fs::path& folder) {
  if (is_complete(folder, kQmnistParts)) {
    return DataSource::kQmnist;
  }
  if (fs::is_regular_file(folder / kKaggleFile)) {
    return DataSource::kKaggle;
  }
  if (is_complete(folder, kMnistParts)) {
    return DataSource::kMnist;
  }
  throw DataError(
      "{}: holds no complete set of digits; expected the four files of QMNIST "
      "(scripts/download fetches them) or of MNIST, or Kaggle's {}",
      folder.string(), kKaggleFile);
}

}  // namespace

Dataset load_dataset(const fs::path& folder, DataSource source) {
  if (!fs::is_directory(folder)) {
    throw DataError("{}: is no folder; set data.dir to the one that holds the digits",
                    folder.string());
  }
  switch (source == DataSource::kAuto ? find_source(folder) : source) {
    case DataSource::kQmnist:
      return load_idx_parts(folder, kQmnistParts, true);
    case DataSource::kKaggle:
      return load_kaggle(folder);
    default:
      return load_idx_parts(folder, kMnistParts, false);
  }
}

}  // namespace qmnist
