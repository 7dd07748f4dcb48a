#include <fmt/ranges.h>

#include <string_view>
#include <utility>
#include <vector>

#include "host/data/data_files.h"
#include "host/data/emnist.h"
#include "host/data/idx.h"
#include "host/data/known_sets.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::vector<FileSet> mnist_sets() {
  using Kind = DataPart::Kind;
  return {file_set({"MNIST's four files"},
                   {{Kind::kTraining, "train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
                    {Kind::kTest, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}})};
}

std::vector<FileSet> qmnist_sets() {
  using Kind = DataPart::Kind;
  SetInfo info = mnist_info();
  info.name = "QMNIST";
  return {
      file_set(std::move(info),
               {{Kind::kTraining, "qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"},
                {Kind::kTest, "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"}})};
}

std::vector<FileSet> idx_sets() {
  std::vector<FileSet> sets = emnist_sets();
  for (const auto& more : {mnist_sets(), qmnist_sets()}) {
    sets.insert(sets.end(), more.begin(), more.end());
  }
  return sets;
}

std::uint8_t label_at(const fs::path& path, std::size_t offset, std::size_t image,
                      std::int32_t label, const LabelRange& range) {
  return checked_label(image, label, range, [&](std::string_view problem) {
    throw DataError("{}: byte {}: {}", path.string(), offset, problem);
  });
}

std::vector<std::uint8_t> read_mnist_labels(const fs::path& path, const LabelRange& range) {
  constexpr std::size_t kHeader = 8;
  IdxArray<std::uint8_t> array = read_idx_bytes(path);
  if (array.shape.size() != 1) {
    throw DataError("{}: byte 3: has rank {}; expected a list of labels, rank 1", path.string(),
                    array.shape.size());
  }
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    array.values[i] = label_at(path, kHeader + i, i, array.values[i], range);
  }
  return std::move(array.values);
}

/// The first of QMNIST's eight columns is the class.
/// Source: https://github.com/facebookresearch/qmnist (The QMNIST extended labels)
std::vector<std::uint8_t> read_qmnist_labels(const fs::path& path, const LabelRange& range) {
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
    labels[i] = label_at(path, kHeader + 4 * place, i, array.values[place], range);
  }
  return labels;
}

/// Labels in QMNIST's form if the file's name says so, else in MNIST's.
std::vector<std::uint8_t> read_labels(const fs::path& path, const LabelRange& range) {
  const bool is_qmnist = path.filename().string().find("idx2-int") != std::string::npos;
  return is_qmnist ? read_qmnist_labels(path, range) : read_mnist_labels(path, range);
}

void append_idx(Dataset& dataset, const PartPaths& part, const LabelRange& range) {
  IdxArray<std::uint8_t> images = read_idx_bytes(part.images);
  if (images.shape.size() != 3 || images.shape[1] != kImageSide || images.shape[2] != kImageSide) {
    throw DataError("{}: byte 3: has sizes {}; expected images of {} x {} pixels, rank 3",
                    part.images.string(), fmt::join(images.shape, " x "), kImageSide, kImageSide);
  }
  if (images.shape[0] == 0) {
    throw DataError("{}: byte 4: has no images; expected at least one", part.images.string());
  }
  const std::vector<std::uint8_t> labels = read_labels(part.labels, range);
  if (labels.size() != images.shape[0]) {
    throw DataError("{}: byte 4: announces {} labels; expected {}, as many as {} has images",
                    part.labels.string(), labels.size(), images.shape[0],
                    part.images.filename().string());
  }
  append_part(dataset, part.kind, std::move(images.values), labels);
}

/// The labels of a file of images, by the names that MNIST and QMNIST give their files.
fs::path labels_beside(const fs::path& images) {
  const std::string name = images.filename().string();
  std::size_t place = name.find("images-idx3-ubyte");
  if (place == std::string::npos) {
    place = name.find("images.idx3-ubyte");
  }
  if (place == std::string::npos) {
    throw DataError(
        "{}: has no images-idx3-ubyte in its name; expected IDX images whose labels lie beside "
        "them",
        images.string());
  }
  const std::string before = name.substr(0, place);
  for (const std::string_view ending : {"labels-idx2-int", "labels-idx1-ubyte"}) {
    if (auto labels = find_data_file(images.parent_path(), fmt::format("{}{}", before, ending))) {
      return *labels;
    }
  }
  throw DataError("{}: has no labels in its folder; expected {}labels-idx1-ubyte", images.string(),
                  before);
}

}  // namespace

const FileFormat kIdxFormat{
    .name = "IDX", .append = append_idx, .labels_beside = labels_beside, .sets = idx_sets};

bool detect_qmnist(const fs::path& folder) {
  return holds_one_of(folder, qmnist_sets());
}

Dataset load_qmnist(const fs::path& folder, const ReadOptions& options) {
  return load_one_of(folder, qmnist_sets(), kIdxFormat, options.form);
}

bool detect_mnist(const fs::path& folder) {
  return holds_one_of(folder, mnist_sets());
}

Dataset load_mnist(const fs::path& folder, const ReadOptions& options) {
  return load_one_of(folder, mnist_sets(), kIdxFormat, options.form);
}

bool detect_emnist(const fs::path& folder) {
  return holds_one_of(folder, emnist_sets());
}

Dataset load_emnist(const fs::path& folder, const ReadOptions& options) {
  return load_one_of(folder, emnist_sets(), kIdxFormat, options.form);
}

}  // namespace qmnist
