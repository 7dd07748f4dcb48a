#include "host/image/decode.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/error.h"
#include "host/image/decoders.h"

namespace qmnist {
namespace {

struct Format {
  std::string_view magic;  ///< first bytes of a file
  ColourImage (*decode)(Bytes bytes, const std::string& name);
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

ColourImage decode_image(Bytes bytes, const std::string& name) {
  for (const Format& format : kFormats) {
    const auto same = [](char expected, std::uint8_t byte) {
      return static_cast<std::uint8_t>(expected) == byte;
    };
    if (bytes.size() >= format.magic.size() &&
        std::equal(format.magic.begin(), format.magic.end(), bytes.begin(), same)) {
      return format.decode(bytes, name);
    }
  }
  throw DataError("{}: {}; expected a PNG, JPEG, TIFF, WebP, GIF, BMP or PNM image", name,
                  bytes.empty() ? "is empty" : "unknown format");
}

void check_image_size(std::size_t width, std::size_t height, const std::string& name) {
  constexpr std::size_t kMaxSide = 65535;
  constexpr std::size_t kMaxPixels = 64'000'000;  // a phone's camera has 12 to 50 million
  if (width == 0 || height == 0) {
    throw DataError("{}: is {} x {} pixels; expected at least one", name, width, height);
  }
  if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels) {
    throw DataError("{}: is {} x {} pixels; expected at most {} per side and {} million in total",
                    name, width, height, kMaxSide, kMaxPixels / 1'000'000);
  }
}

}  // namespace qmnist
