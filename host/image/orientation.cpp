#include "host/image/orientation.h"

#include <libexif/exif-data.h>

#include <algorithm>
#include <memory>

namespace qmnist {
namespace {

constexpr unsigned kUpright = 1;

struct Unref {
  void operator()(ExifData* data) const { exif_data_unref(data); }
};

/// Whether an axis is mirrored before, for orientations 5 to 8, the axes are swapped.
bool is_mirrored_across(unsigned orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}
bool is_mirrored_down(unsigned orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

}  // namespace

unsigned exif_orientation(std::span<const std::uint8_t> jpeg) {
  const std::unique_ptr<ExifData, Unref> data(
      exif_data_new_from_data(jpeg.data(), static_cast<unsigned>(jpeg.size())));
  if (data == nullptr) {
    return kUpright;
  }
  const ExifEntry* entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < sizeof(ExifShort)) {
    return kUpright;
  }
  const unsigned orientation = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return orientation >= 1 && orientation <= 8 ? orientation : kUpright;
}

ColourImage upright(ColourImage image, unsigned orientation) {
  if (orientation == kUpright) {
    return image;
  }
  const bool is_transposed = orientation >= 5;
  const bool mirrored_across = is_mirrored_across(orientation);
  const bool mirrored_down = is_mirrored_down(orientation);
  ColourImage result{.width = is_transposed ? image.height : image.width,
                     .height = is_transposed ? image.width : image.height,
                     .pixels = std::vector<std::uint8_t>(image.pixels.size())};
  auto to = result.pixels.begin();
  for (std::size_t y = 0; y < result.height; ++y) {
    for (std::size_t x = 0; x < result.width; ++x) {
      const std::size_t across = is_transposed ? y : x;
      const std::size_t down = is_transposed ? x : y;
      const std::size_t from_x = mirrored_across ? image.width - 1 - across : across;
      const std::size_t from_y = mirrored_down ? image.height - 1 - down : down;
      const std::size_t from = (from_y * image.width + from_x) * ColourImage::kChannels;
      to = std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(from),
                       ColourImage::kChannels, to);
    }
  }
  return result;
}

}  // namespace qmnist
