#include "host/image/png.h"

#include <zlib.h>

#include <new>
#include <span>
#include <stdexcept>

#include "host/base64.h"

namespace qmnist {
namespace {

std::string big_endian(std::size_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>(value >> shift & 0xFFU);
  }
  return bytes;
}

/// A chunk: length, type and content, checksum.
std::string chunk(std::string_view type, std::string_view content) {
  std::string checked(type);
  checked += content;
  const uLong checksum = crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size());
  return big_endian(content.size()) + checked + big_endian(checksum);
}

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(result.data()), &size,
                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
                Z_BEST_COMPRESSION) != Z_OK) {
    throw std::bad_alloc();  // nothing else can fail in memory
  }
  result.resize(size);
  return result;
}

}  // namespace

std::string encode_png(const GreyImage& image) {
  constexpr char kUnfiltered = 0;
  std::string rows;
  rows.reserve(image.height * (image.width + 1));
  for (std::size_t row = 0; row < image.height; ++row) {
    rows += kUnfiltered;
    rows.append(reinterpret_cast<const char*>(image.pixels.data()) + row * image.width,
                image.width);
  }
  constexpr std::string_view kEightBitsGrey("\x08\0\0\0\0", 5);
  std::string header = big_endian(image.width) + big_endian(image.height);
  header += kEightBitsGrey;
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) + chunk("IDAT", deflated(rows)) +
         chunk("IEND", "");
}

std::string png_data_uri(std::string_view png) {
  return "data:image/png;base64," + base64(std::as_bytes(std::span(png)));
}

}  // namespace qmnist
