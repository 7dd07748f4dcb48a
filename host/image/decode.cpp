#include "host/image/decode.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/error.h"
#include "host/image/decoders.h"

namespace qmnist {
namespace {

struct Format {
  std::string_view beginning;
  ColourImage (*decode)(Bytes bytes, const std::string& place);
};

constexpr std::array<Format, 14> kFormats{{{"\x89PNG\r\n\x1A\n", decode_png},
                                           {"\xFF\xD8\xFF", decode_jpeg},
                                           {{"II*\0", 4}, decode_by_leptonica},  // TIFF
                                           {{"MM\0*", 4}, decode_by_leptonica},
                                           {"RIFF", decode_by_leptonica},  // WebP
                                           {"GIF87a", decode_by_leptonica},
                                           {"GIF89a", decode_by_leptonica},
                                           {"BM", decode_bmp},
                                           {"P1", decode_by_leptonica},
                                           {"P2", decode_pnm},
                                           {"P3", decode_pnm},
                                           {"P4", decode_by_leptonica},
                                           {"P5", decode_pnm},
                                           {"P6", decode_pnm}}};

}  // namespace

void require_image_decoders() {}

ColourImage decode_image(Bytes bytes, const std::string& place) {
  for (const Format& format : kFormats) {
    const auto same = [](char expected, std::uint8_t byte) {
      return static_cast<std::uint8_t>(expected) == byte;
    };
    if (bytes.size() >= format.beginning.size() &&
        std::equal(format.beginning.begin(), format.beginning.end(), bytes.begin(), same)) {
      return format.decode(bytes, place);
    }
  }
  throw DataError("{}: {}; expected a PNG, JPEG, TIFF, WebP, GIF, BMP or PNM image", place,
                  bytes.empty() ? "is empty" : "unknown format");
}

void check_image_size(std::size_t width, std::size_t height, const std::string& place) {
  constexpr std::size_t kLongestSide = 65535;
  constexpr std::size_t kMostPixels = 64'000'000;  // a phone's camera has 12 to 50 million
  if (width == 0 || height == 0) {
    throw DataError("{}: is {} x {} pixels; expected some", place, width, height);
  }
  if (width > kLongestSide || height > kLongestSide || width * height > kMostPixels) {
    throw DataError("{}: is {} x {} pixels; expected at most {} a side and {} million in all",
                    place, width, height, kLongestSide, kMostPixels / 1'000'000);
  }
}

}  // namespace qmnist
