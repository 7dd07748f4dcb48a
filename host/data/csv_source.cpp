#include <vector>

#include "host/data/csv.h"
#include "host/data/data_sources.h"
#include "host/data/file_sets.h"
#include "host/data/sha256.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::vector<FileSet> csv_sets() {
  using Kind = DataPart::Kind;
  return {
      {"Digit Recognizer (Kaggle)", {{Kind::kTraining, "train.csv", ""}}},
      {"MNIST", {{Kind::kTraining, "mnist_train.csv", ""}, {Kind::kTest, "mnist_test.csv", ""}}},
      {"Fashion-MNIST",
       {{Kind::kTraining, "fashion-mnist_train.csv", ""},
        {Kind::kTest, "fashion-mnist_test.csv", ""}}}};
}

void append_csv(Dataset& dataset, const PartPaths& part) {
  ByteReader file(part.images, "a CSV file, plain or gzip");
  const LabelledImages images = read_csv(file);
  append_part(dataset, part.kind, images.pixels, images.labels);
  dataset.files.push_back({part.images, sha256_of(file.content())});
}

}  // namespace

bool detect_csv(const fs::path& folder) {
  return holds_one_of(folder, csv_sets());
}

Dataset load_csv(const fs::path& folder) {
  return load_one_of(folder, csv_sets(), append_csv);
}

Dataset load_csv_file(const fs::path& path) {
  return load_single(path, {}, append_csv);
}

}  // namespace qmnist
