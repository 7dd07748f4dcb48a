#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist {

/// Reads a file from its start, plain or gzip-compressed, and knows how far it has come.
/// Offsets in errors count unpacked bytes.
class ByteReader {
 public:
  /// @param expected what the file should be, for errors
  /// @throws DataError where the file cannot be read.
  ByteReader(const std::filesystem::path& path, std::string_view expected);

  /// Of bytes in memory; `name` stands for the path in errors.
  ByteReader(std::string content, std::string name);

  /// Fills `bytes` as far as the data go and returns how many bytes it was.
  /// @throws DataError where the compression is damaged or ends early.
  std::size_t read_some(std::span<std::uint8_t> bytes);

  /// Fills `bytes` or throws a DataError that names `what` was expected.
  void read(std::span<std::uint8_t> bytes, std::string_view what);

  /// @throws DataError where anything follows, or the compression's own end (its checksum) is
  ///   missing; `expected` says why the data should end here.
  void expect_end(std::string_view expected);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct EndInflate {
    void operator()(z_stream* stream) const {
      inflateEnd(stream);
      delete stream;  // NOLINT(cppcoreguidelines-owning-memory): this is its owner's deleter
    }
  };

  [[nodiscard]] std::span<const std::uint8_t> held() const;
  std::size_t copy(std::span<std::uint8_t> bytes);
  std::size_t unpack(std::span<std::uint8_t> bytes);

  std::string path_;
  std::string content_;
  std::optional<std::vector<std::uint8_t>>
      unpacked_;                                  ///< of a compressed file, in place of content_
  std::unique_ptr<z_stream, EndInflate> stream_;  ///< of one that is not unpacked at once
  std::size_t used_ = 0;                          ///< bytes of what is held
  std::size_t offset_ = 0;                        ///< bytes given out
  bool stream_ended_ = false;
};

}  // namespace qmnist
