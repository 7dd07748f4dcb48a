#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace qmnist {

/// An IDX file's array of unsigned bytes or of 32-bit integers.
template <typename Element>
struct IdxArray {
  std::vector<std::uint32_t> shape;  ///< one to three sizes, outermost first
  std::vector<Element> values;       ///< row-major, in this machine's byte order
};

/// Reads an IDX file of unsigned bytes (type 0x08), plain or gzip-compressed.
///
/// Format: http://yann.lecun.com/exdb/mnist/ - two zero bytes, type, rank, big-endian sizes, data.
/// Memory grows with the bytes that are there, never with the sizes that a header claims.
/// @throws DataError naming file, byte offset (after decompression) and expectation: unreadable,
///   wrong magic, other type or rank, truncated, longer than announced, damaged compression.
[[nodiscard]] IdxArray<std::uint8_t> read_idx_bytes(const std::filesystem::path& path);

/// Reads an IDX file of big-endian 32-bit integers (type 0x0C); otherwise as read_idx_bytes.
[[nodiscard]] IdxArray<std::int32_t> read_idx_integers(const std::filesystem::path& path);

}  // namespace qmnist
