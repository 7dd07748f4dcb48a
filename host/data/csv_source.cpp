#include <utility>
#include <vector>

#include "host/data/csv.h"
#include "host/data/data_files.h"
#include "host/data/known_sets.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::vector<FileSet> csv_sets() {
  using Kind = DataPart::Kind;
  return {file_set({"train.csv"}, {{Kind::kTraining, "train.csv", ""}}),
          file_set(mnist_info(),
                   {{Kind::kTraining, "mnist_train.csv", ""}, {Kind::kTest, "mnist_test.csv", ""}}),
          file_set(fashion_mnist_info(), {{Kind::kTraining, "fashion-mnist_train.csv", ""},
                                          {Kind::kTest, "fashion-mnist_test.csv", ""}})};
}

void append_csv(Dataset& dataset, const PartPaths& part, const LabelRange& labels) {
  ByteReader file(part.images, "a CSV file, plain or gzip");
  LabelledImages images = read_csv(file, labels);
  append_part(dataset, part.kind, std::move(images.pixels), images.labels);
}

fs::path in_the_same_file(const fs::path& /*images*/) {
  return {};
}

}  // namespace

const FileFormat kCsvFormat{
    .name = "CSV", .append = append_csv, .labels_beside = in_the_same_file, .sets = csv_sets};

bool detect_csv(const fs::path& folder) {
  return holds_one_of(folder, csv_sets());
}

Dataset load_csv(const fs::path& folder, const ReadOptions& options) {
  return load_one_of(folder, csv_sets(), kCsvFormat, options.form);
}

}  // namespace qmnist
