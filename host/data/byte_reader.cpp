#include "host/data/byte_reader.h"

#include <algorithm>
#include <array>
#include <new>

#include "host/data/gunzip.h"
#include "host/error.h"
#include "host/read_file.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

bool is_gzip(std::span<const std::uint8_t> content) {
  constexpr std::array<std::uint8_t, 2> kMagic{0x1F, 0x8B};
  return content.size() >= kMagic.size() && std::ranges::equal(content.first(2), kMagic);
}

/// zlib counts in unsigned int.
constexpr std::size_t kMaxPiece = std::size_t{1} << 30;

uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min(size, kMaxPiece));
}

}  // namespace

ByteReader::ByteReader(const fs::path& path, std::string_view expected)
    : ByteReader(read_file<DataError>(path, expected), path.string()) {}

ByteReader::ByteReader(std::string content, std::string name)
    : path_(std::move(name)), content_(std::move(content)) {
  if (!is_gzip(bytes_of(content_))) {
    return;
  }
  unpacked_ = gunzip(bytes_of(content_));
  if (unpacked_) {
    content_ = std::string();
  } else {
    constexpr int kGzipWindow = 16 + MAX_WBITS;
    stream_ = std::unique_ptr<z_stream, EndInflate>(new z_stream{});  // NOLINT: owned at once
    if (inflateInit2(stream_.get(), kGzipWindow) != Z_OK) {
      throw std::bad_alloc();
    }
  }
}

std::span<const std::uint8_t> ByteReader::held() const {
  return unpacked_ ? std::span<const std::uint8_t>(*unpacked_) : bytes_of(content_);
}

std::size_t ByteReader::copy(std::span<std::uint8_t> bytes) {
  const std::size_t count = std::min(bytes.size(), held().size() - used_);
  std::ranges::copy(held().subspan(used_, count), bytes.begin());
  used_ += count;
  return count;
}

std::size_t ByteReader::unpack(std::span<std::uint8_t> bytes) {
  std::size_t done = 0;
  while (done < bytes.size() && !stream_ended_) {
    const uInt input = piece(content_.size() - used_);
    const uInt output = piece(bytes.size() - done);
    stream_->next_in = reinterpret_cast<Bytef*>(content_.data()) + used_;
    stream_->avail_in = input;
    stream_->next_out = bytes.data() + done;
    stream_->avail_out = output;
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    used_ += input - stream_->avail_in;
    done += output - stream_->avail_out;
    if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (status == Z_BUF_ERROR) {
      throw DataError(
          "{}: the gzip data end too early, at byte {} of what they unpack to; fetch the "
          "file again",
          path_, offset_ + done);
    }
    if (status != Z_OK && status != Z_STREAM_END) {
      throw DataError(
          "{}: damaged gzip data at byte {} of what they unpack to ({}); fetch the file "
          "again",
          path_, offset_ + done, stream_->msg != nullptr ? stream_->msg : "no detail");
    }
    stream_ended_ = status == Z_STREAM_END;
  }
  return done;
}

std::size_t ByteReader::read_some(std::span<std::uint8_t> bytes) {
  const std::size_t count = stream_ ? unpack(bytes) : copy(bytes);
  offset_ += count;
  return count;
}

void ByteReader::read(std::span<std::uint8_t> bytes, std::string_view what) {
  const std::size_t start = offset_;
  if (read_some(bytes) < bytes.size()) {
    throw DataError("{}: ends at byte {}; expected {} bytes of {} from byte {} on", path_, offset_,
                    bytes.size(), what, start);
  }
}

void ByteReader::expect_end(std::string_view expected) {
  const std::size_t end = offset_;
  std::array<std::uint8_t, 1> extra{};
  if (read_some(extra) != 0 || used_ != held().size()) {
    throw DataError("{}: goes on after byte {}, where it should end: {}", path_, end, expected);
  }
}

}  // namespace qmnist
