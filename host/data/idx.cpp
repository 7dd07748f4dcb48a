#include "host/data/idx.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "host/data/byte_reader.h"
#include "host/data/huge_pages.h"
#include "host/error.h"

namespace qmnist {
namespace {

constexpr std::uint8_t kTypeBytes = 0x08;
constexpr std::uint8_t kTypeIntegers = 0x0C;
constexpr unsigned kHighestRank = 3;

std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | static_cast<std::uint32_t>(bytes[3]);
}

std::vector<std::uint32_t> read_header(ByteReader& reader, std::uint8_t type) {
  std::array<std::uint8_t, 4> magic{};
  reader.read(magic, "IDX header");
  if (magic[0] != 0 || magic[1] != 0 || magic[2] != type || magic[3] < 1 ||
      magic[3] > kHighestRank) {
    throw DataError(
        "{}: byte 0: wrong magic {:02x}; expected 00 00 {:02x} and 01 to {:02x} "
        "(an IDX file of {})",
        reader.path(), fmt::join(magic, " "), type, kHighestRank,
        type == kTypeBytes ? "unsigned bytes" : "32-bit integers");
  }
  std::vector<std::uint32_t> shape(magic[3]);
  for (std::uint32_t& size : shape) {
    std::array<std::uint8_t, 4> bytes{};
    reader.read(bytes, "IDX header");
    size = big_endian(bytes);
  }
  return shape;
}

/// The number of bytes that the shape announces; no real data set comes near the limit.
std::size_t announced_bytes(const ByteReader& reader, std::span<const std::uint32_t> shape,
                            std::size_t element_size) {
  constexpr std::size_t kLimit = std::size_t{1} << 36;
  std::size_t bytes = element_size;
  for (const std::size_t size : shape) {
    if (size != 0 && bytes > kLimit / size) {
      throw DataError("{}: byte 4: the header announces sizes {}; expected at most {} bytes",
                      reader.path(), fmt::join(shape, " x "), kLimit);
    }
    bytes *= size;
  }
  return bytes;
}

struct RawIdx {
  std::vector<std::uint32_t> shape;
  std::vector<std::uint8_t> bytes;
};

RawIdx read_idx(const std::filesystem::path& path, std::uint8_t type, std::size_t element_size) {
  ByteReader reader(path, "an IDX file, plain or gzip");
  RawIdx idx{.shape = read_header(reader, type), .bytes = {}};
  const std::size_t header = 4 + 4 * idx.shape.size();
  const std::size_t announced = announced_bytes(reader, idx.shape, element_size);

  constexpr std::size_t kFirstBlock = std::size_t{1} << 26;
  std::size_t got = 0;
  while (got < announced) {
    const std::size_t target = std::min(announced, std::max(kFirstBlock, 2 * got));
    // With room for a test part behind a training part, which takes no memory until it is used.
    reserve_on_huge_pages(idx.bytes, target + target / 4);
    idx.bytes.resize(target);
    got += reader.read_some(std::span(idx.bytes).subspan(got));
    if (got < target) {
      throw DataError("{}: ends at byte {}; the header announces {} ({} bytes)", path.string(),
                      header + got, fmt::join(idx.shape, " x "), header + announced);
    }
  }
  reader.expect_end(fmt::format("the header announces {}", fmt::join(idx.shape, " x ")));
  return idx;
}

}  // namespace

IdxArray<std::uint8_t> read_idx_bytes(const std::filesystem::path& path) {
  RawIdx idx = read_idx(path, kTypeBytes, 1);
  return {std::move(idx.shape), std::move(idx.bytes)};
}

IdxArray<std::int32_t> read_idx_integers(const std::filesystem::path& path) {
  const RawIdx idx = read_idx(path, kTypeIntegers, 4);
  std::vector<std::int32_t> values(idx.bytes.size() / 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<std::int32_t>(
        big_endian(std::span<const std::uint8_t>(idx.bytes).subspan(4 * i).first<4>()));
  }
  return {idx.shape, std::move(values)};
}

}  // namespace qmnist
