#include "host/data/file_format.h"

#include <string>
#include <utility>

#include "host/data/huge_pages.h"

namespace qmnist {

void append_part(Dataset& dataset, DataPart::Kind kind, std::vector<std::uint8_t> pixels,
                 std::span<const std::uint8_t> labels) {
  if (dataset.pixels.empty()) {
    dataset.pixels = std::move(pixels);
  } else {
    reserve_on_huge_pages(dataset.pixels, dataset.pixels.size() + pixels.size());
    dataset.pixels.insert(dataset.pixels.end(), pixels.begin(), pixels.end());
  }
  dataset.labels.insert(dataset.labels.end(), labels.begin(), labels.end());
  dataset.parts.push_back({kind, labels.size()});
}

const FileFormat& format_of(const std::filesystem::path& images) {
  const std::string name = images.filename().string();
  if (name.ends_with(".csv") || name.ends_with(".csv.gz")) {
    return kCsvFormat;
  }
  if (name.ends_with(".npz")) {
    return kNpzFormat;
  }
  return name.ends_with(".npy") ? kNpyFormat : kIdxFormat;
}

}  // namespace qmnist
