// PNG and BMP. Leptonica lets libpng print to standard error, makes a grey PNG with a transparent
// level fully transparent, and (1.82) swaps red and blue in a 32-bit BMP.
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "host/error.h"
#include "host/image/decoders.h"

// A header-only library; its warnings are suppressed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#ifndef __clang__  // clang has no such warning
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#ifndef __clang_analyzer__  // reports leaks in the library if an allocation fails
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#endif
#define STBI_NO_STDIO
#define STBI_ONLY_BMP
#define STBI_ONLY_PNG
#define STBI_MAX_DIMENSIONS 65535
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace qmnist {
namespace {

/// Reads integers at byte offsets; bytes beyond the end are zero.
class Numbers {
 public:
  explicit Numbers(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint32_t big(std::size_t offset) const {
    return byte(offset) << 24 | byte(offset + 1) << 16 | byte(offset + 2) << 8 | byte(offset + 3);
  }
  [[nodiscard]] std::uint32_t little(std::size_t offset) const {
    return byte(offset) | byte(offset + 1) << 8 | byte(offset + 2) << 16 | byte(offset + 3) << 24;
  }
  [[nodiscard]] std::uint32_t short_little(std::size_t offset) const {
    return byte(offset) | byte(offset + 1) << 8;
  }

 private:
  [[nodiscard]] std::uint32_t byte(std::size_t offset) const {
    return offset < bytes_.size() ? bytes_[offset] : 0;
  }
  Bytes bytes_;
};

struct Free {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};

ColourImage decode_by_stb(Bytes bytes, std::string_view format, const std::string& name) {
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, Free> pixels(
      stbi_load_from_memory(bytes.data(), static_cast<int>(bytes.size()), &width, &height,
                            &channels, static_cast<int>(ColourImage::kChannels)));
  if (pixels == nullptr) {
    throw DataError("{}: damaged or unusual {}: {}; save it as a plain PNG", name, format,
                    stbi_failure_reason());
  }
  ColourImage image{.width = static_cast<std::size_t>(width),
                    .height = static_cast<std::size_t>(height),
                    .pixels = {}};
  image.pixels.assign(pixels.get(),
                      pixels.get() + image.width * image.height * ColourImage::kChannels);
  return image;
}

/// Checks what stb_image does not: that the file is complete, begins with its size, and each
/// chunk's CRC is correct.
void check_png_chunks(Bytes bytes, const std::string& name) {
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kOverhead = 12;         // length, type and CRC
  constexpr std::uint32_t kFirst = 0x49484452;  // IHDR
  constexpr std::uint32_t kLast = 0x49454E44;   // IEND
  const Numbers numbers(bytes);
  std::uint32_t type = 0;
  for (std::size_t at = kSignature; type != kLast;) {
    const std::size_t length = numbers.big(at);
    if (bytes.size() - at < kOverhead || bytes.size() - at - kOverhead < length) {
      throw DataError("{}: damaged PNG: ends at byte {}, within the chunk at byte {}", name,
                      bytes.size(), at);
    }
    const Bytes content = bytes.subspan(at + 4, 4 + length);
    const auto sum = crc32(0, content.data(), static_cast<uInt>(content.size()));
    if (sum != numbers.big(at + 8 + length)) {
      throw DataError("{}: damaged PNG: wrong CRC in the chunk at byte {}", name, at);
    }
    type = numbers.big(at + 4);
    if (at == kSignature && type != kFirst) {  // as in Apple's variant, which stb_image takes
      throw DataError("{}: unusual PNG: does not begin with its size; save it as a plain PNG",
                      name);
    }
    at += kOverhead + length;
  }
}

}  // namespace

ColourImage decode_png(Bytes bytes, const std::string& name) {
  constexpr std::size_t kWidth = 16;
  constexpr std::size_t kHeight = 20;
  check_png_chunks(bytes, name);
  check_image_size(Numbers(bytes).big(kWidth), Numbers(bytes).big(kHeight), name);
  return decode_by_stb(bytes, "PNG", name);
}

ColourImage decode_bmp(Bytes bytes, const std::string& name) {
  const Numbers numbers(bytes);
  const std::uint32_t offset = numbers.little(10);
  const std::uint32_t header = numbers.little(14);
  const bool is_short = header == 12;
  const std::uint32_t width = is_short ? numbers.short_little(18) : numbers.little(18);
  const std::uint32_t rows = is_short ? numbers.short_little(20) : numbers.little(22);
  const std::uint32_t height = std::min(rows, 0 - rows);  // negative for top-down images
  const std::uint32_t bits = numbers.short_little(is_short ? 24 : 28);
  check_image_size(width, height, name);
  // stb_image treats missing pixels as black, and does not check that pixels are after the header.
  const std::size_t row_size = (std::size_t{width} * bits + 31) / 32 * 4;
  if (offset < 14 + header || offset > bytes.size() || bytes.size() - offset < row_size * height) {
    throw DataError("{}: damaged BMP: ends at byte {}; expected {} bytes of pixels from byte {} on",
                    name, bytes.size(), row_size * height, offset);
  }
  return decode_by_stb(bytes, "BMP", name);
}

}  // namespace qmnist
