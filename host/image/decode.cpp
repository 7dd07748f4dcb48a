#include "host/image/decode.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/error.h"
#include "host/image/formats.h"

namespace qmnist {
namespace {

struct Format {
  std::string_view beginning;
  ColourImage (*decode)(Bytes bytes, const std::string& place);
};

constexpr std::array<Format, 7> kFormats{{{"\x89PNG\r\n\x1A\n", decode_png},
                                          {"\xFF\xD8\xFF", decode_jpeg},
                                          {"BM", decode_bmp},
                                          {"P2", decode_pnm},
                                          {"P3", decode_pnm},
                                          {"P5", decode_pnm},
                                          {"P6", decode_pnm}}};

}  // namespace

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
  throw DataError("{}: {}; expected a PNG, JPEG, BMP, PGM or PPM picture", place,
                  bytes.empty() ? "is empty" : "is of no format that is known here");
}

void check_picture_size(std::size_t width, std::size_t height, const std::string& place) {
  constexpr std::size_t kLongestSide = 65535;
  constexpr std::size_t kMostPixels = 64'000'000;  // a phone's picture has 12 to 50 million
  if (width == 0 || height == 0) {
    throw DataError("{}: is {} x {} pixels; expected some", place, width, height);
  }
  if (width > kLongestSide || height > kLongestSide || width * height > kMostPixels) {
    throw DataError("{}: is {} x {} pixels; expected at most {} a side and {} million in all",
                    place, width, height, kLongestSide, kMostPixels / 1'000'000);
  }
}

}  // namespace qmnist
