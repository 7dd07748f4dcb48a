#include "host/data/gunzip.h"

#include <libdeflate.h>

#include <memory>
#include <new>

#include "host/data/huge_pages.h"

namespace qmnist {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};

/// The unpacked size that the last four bytes of a gzip file tell, modulo 2^32.
/// Source: RFC 1952, section 2.3.1, ISIZE
std::size_t announced_size(std::span<const std::uint8_t> packed) {
  const auto size = packed.last<4>();
  return size[0] | std::size_t{size[1]} << 8 | std::size_t{size[2]} << 16 |
         std::size_t{size[3]} << 24;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> gunzip(std::span<const std::uint8_t> packed) {
  constexpr std::size_t kLargest = std::size_t{1} << 28;
  constexpr std::size_t kHighestRatio = 1032;  // of DEFLATE: https://zlib.net/zlib_tech.html
  constexpr std::size_t kSmallest = 18;        // header and trailer
  if (packed.size() < kSmallest) {
    return std::nullopt;
  }
  const std::size_t size = announced_size(packed);
  if (size > kLargest || size / kHighestRatio > packed.size()) {
    return std::nullopt;
  }
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor) {
    throw std::bad_alloc();
  }
  std::vector<std::uint8_t> bytes;
  try {
    reserve_on_huge_pages(bytes, size);
    bytes.resize(size);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
  std::size_t read = 0;
  std::size_t written = 0;
  const libdeflate_result result =
      libdeflate_gzip_decompress_ex(decompressor.get(), packed.data(), packed.size(), bytes.data(),
                                    bytes.size(), &read, &written);
  if (result != LIBDEFLATE_SUCCESS || read != packed.size() || written != size) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace qmnist
