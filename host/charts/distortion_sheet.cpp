#include "host/charts/distortion_sheet.h"

#include <algorithm>
#include <span>

namespace qmnist {
namespace {

constexpr std::size_t kSheetColumns = 10;  // the image and nine distortions of it
constexpr std::size_t kEnlargement = 3;
constexpr std::size_t kSheetCell = kEnlargement * kImageSide + 6;  // with a gap

void draw(std::span<const std::uint8_t> image, std::size_t row, std::size_t column,
          GreyImage& sheet) {
  for (std::size_t y = 0; y < kEnlargement * kImageSide; ++y) {
    for (std::size_t x = 0; x < kEnlargement * kImageSide; ++x) {
      const std::uint8_t ink = image[y / kEnlargement * kImageSide + x / kEnlargement];
      sheet.pixels[(row * kSheetCell + y) * sheet.width + column * kSheetCell + x] =
          static_cast<std::uint8_t>(255 - ink);
    }
  }
}

}  // namespace

GreyImage distortion_sheet(const DataView& data, const Augmentation& augmentation) {
  GreyImage sheet{.width = kSheetColumns * kSheetCell, .height = 0, .pixels = {}};
  std::array<std::uint8_t, kPixels> distorted;
  for (std::size_t label = 0; label < kMaxClasses; ++label) {
    const auto found = std::ranges::find(data.labels, label);
    if (found == data.labels.end()) {
      continue;
    }
    const auto image = data.image(static_cast<std::size_t>(found - data.labels.begin()));
    const std::size_t row = sheet.height / kSheetCell;
    sheet.height += kSheetCell;
    sheet.pixels.resize(sheet.width * sheet.height, 255);
    draw(image, row, 0, sheet);
    for (std::size_t column = 1; column < kSheetColumns; ++column) {
      distort(image.data(), augmentation.distortion(column, label), augmentation.elastic(),
              distorted.data());
      draw(distorted, row, column, sheet);
    }
  }
  return sheet;
}

}  // namespace qmnist
