#include "host/data/data_sources.h"
#include "host/data/pickle.h"
#include "host/data/sha256.h"
#include "host/error.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

/// Kaggle's file holds QMNIST's 60,000 training and 60,000 test images, in this order.
std::vector<DataPart> parts_of(std::size_t count) {
  constexpr std::size_t kHalf = 60000;
  if (count == 2 * kHalf) {
    return {{DataPart::Kind::kTraining, kHalf}, {DataPart::Kind::kTest, kHalf}};
  }
  return {{DataPart::Kind::kOther, count}};
}

}  // namespace

bool detect_kaggle(const fs::path& folder) {
  return fs::is_regular_file(folder / kKaggleFile);
}

Dataset load_kaggle(const fs::path& folder, const ReadOptions& /*options*/) {
  if (!detect_kaggle(folder)) {
    throw DataError("{}: {} is missing; set data.dir to the folder that has it", folder.string(),
                    kKaggleFile);
  }
  return load_kaggle_file(folder / kKaggleFile);
}

Dataset load_kaggle_file(const fs::path& path) {
  LabelledImages images = read_kaggle_pickle(path);
  std::vector<DataPart> parts = parts_of(images.labels.size());
  return {.source = {},
          .name = "MNIST-120k (Kaggle)",
          .pixels = std::move(images.pixels),
          .labels = std::move(images.labels),
          .parts = std::move(parts),
          .files = {{path, sha256_of_file(path)}},
          .classes = numbered_classes(kDigitCount),
          .has_known_classes = true,
          .is_mnist = true};
}

}  // namespace qmnist
