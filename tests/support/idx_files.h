#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist::test {

/// The four bytes of a number in an IDX file.
inline std::string big_endian(std::int64_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>(value >> shift & 0xFF);
  }
  return bytes;
}

/// An IDX file of that type (8: bytes, 12: integers) and sizes.
inline std::string idx_file(char type, const std::vector<std::int64_t>& sizes,
                            std::string_view data) {
  std::string file{0, 0, type, static_cast<char>(sizes.size())};
  for (const std::int64_t size : sizes) {
    file += big_endian(size);
  }
  return file.append(data);
}

/// The IDX file of such labels.
inline std::string idx_labels(std::string_view labels) {
  return idx_file('\x08', {static_cast<std::int64_t>(labels.size())}, labels);
}

/// The IDX file of images, [count, 28, 28].
inline std::string idx_images(std::string_view pixels) {
  constexpr std::size_t kSide = 28;
  return idx_file(
      '\x08', {static_cast<std::int64_t>(pixels.size() / (kSide * kSide)), kSide, kSide}, pixels);
}

}  // namespace qmnist::test
