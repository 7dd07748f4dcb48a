#include "host/report/distortion_sheet.h"

#include <algorithm>
#include <span>

namespace qmnist {
namespace {

constexpr std::size_t kColumns = 10;  // the digit itself and nine distortions
constexpr std::size_t kFactor = 3;
constexpr std::size_t kCell = kFactor * kImageSide + 6;  // with a gap

void draw(std::span<const std::uint8_t> digit, std::size_t row, std::size_t column,
          GreyImage& sheet) {
  for (std::size_t y = 0; y < kFactor * kImageSide; ++y) {
    for (std::size_t x = 0; x < kFactor * kImageSide; ++x) {
      const std::uint8_t ink = digit[y / kFactor * kImageSide + x / kFactor];
      sheet.pixels[(row * kCell + y) * sheet.width + column * kCell + x] =
          static_cast<std::uint8_t>(255 - ink);
    }
  }
}

}  // namespace

GreyImage distortion_sheet(const DataView& data, const Augmentation& augmentation) {
  GreyImage sheet{.width = kColumns * kCell, .height = 0, .pixels = {}};
  std::array<std::uint8_t, kPixels> distorted;
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    const auto found = std::ranges::find(data.labels, digit);
    if (found == data.labels.end()) {
      continue;
    }
    const auto image = data.image(static_cast<std::size_t>(found - data.labels.begin()));
    const std::size_t row = sheet.height / kCell;
    sheet.height += kCell;
    sheet.pixels.resize(sheet.width * sheet.height, 255);
    draw(image, row, 0, sheet);
    for (std::size_t column = 1; column < kColumns; ++column) {
      distort(image.data(), augmentation.distortion(column, digit), augmentation.elastic(),
              distorted.data());
      draw(distorted, row, column, sheet);
    }
  }
  return sheet;
}

}  // namespace qmnist
