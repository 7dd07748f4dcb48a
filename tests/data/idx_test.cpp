#include "host/data/idx.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "tests/support/gzip.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using test::gzip;
using Sizes = std::vector<std::uint32_t>;
using Bytes = std::vector<std::uint8_t>;

std::string idx_number(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>(value >> shift & 0xFFU);
  }
  return bytes;
}

std::string idx_file(char type, const Sizes& sizes, std::string_view data) {
  std::string file = "\0\0"s + type + static_cast<char>(sizes.size());
  for (const std::uint32_t size : sizes) {
    file += idx_number(size);
  }
  return file.append(data);
}

/// What data and compression do not make shorter.
std::string noise(std::size_t size) {
  std::mt19937 generator(1);  // NOLINT: always the same numbers
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(generator() & 0xFFU);
  }
  return bytes;
}

class IdxTest : public testing::Test {
 protected:
  [[nodiscard]] fs::path written(std::string_view content) const {
    test::write_file(folder_ / "digits-idx", content);
    return folder_ / "digits-idx";
  }

  /// The message of the DataError that reading this content as `read` does ends in.
  template <typename Read>
  [[nodiscard]] std::string error_of(std::string_view content, const Read& read) const {
    try {
      read(written(content));
    } catch (const DataError& error) {
      EXPECT_EQ(error.status(), ExitStatus::kData);
      EXPECT_NE(std::string_view(error.what()).find("digits-idx: "), std::string::npos);
      return error.what();
    }
    ADD_FAILURE() << "there was no DataError";
    return "";
  }

  [[nodiscard]] std::string bytes_error(std::string_view content) const {
    return error_of(content, read_idx_bytes);
  }
  [[nodiscard]] std::string integers_error(std::string_view content) const {
    return error_of(content, read_idx_integers);
  }

  test::TemporaryFolder folder_;
};

void expect_in_idx(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
}

const std::string kSixBytes = idx_file('\x08', {2, 3}, "\x00\x01\x7F\x80\xFE\xFF"s);

TEST_F(IdxTest, ReadsBytesOfEveryRankPlainAndPacked) {
  const std::string data = noise(24);
  for (const Sizes& sizes : {Sizes{24}, Sizes{4, 6}, Sizes{2, 3, 4}}) {
    const std::string file = idx_file('\x08', sizes, data);
    for (const std::string& content : {file, gzip(file)}) {
      const IdxArray<std::uint8_t> array = read_idx_bytes(written(content));
      EXPECT_EQ(array.shape, sizes);
      EXPECT_EQ(array.values, Bytes(data.begin(), data.end()));
    }
  }
}

TEST_F(IdxTest, ReadsIntegersOfEveryRankPlainAndPacked) {
  const std::string data =
      "\x00\x00\x00\x05\x01\x02\x03\x04\xFF\xFF\xFF\xFF\x80\x00\x00\x00"
      "\x7F\xFF\xFF\xFF\xFF\xFF\xFE\x00"s;
  using Limits = std::numeric_limits<std::int32_t>;
  const std::vector<std::int32_t> expected{5, 0x01020304, -1, Limits::min(), Limits::max(), -512};
  for (const Sizes& sizes : {Sizes{6}, Sizes{2, 3}, Sizes{1, 3, 2}}) {
    const std::string file = idx_file('\x0C', sizes, data);
    for (const std::string& content : {file, gzip(file)}) {
      const IdxArray<std::int32_t> array = read_idx_integers(written(content));
      EXPECT_EQ(array.shape, sizes);
      EXPECT_EQ(array.values, expected);
    }
  }
}

TEST_F(IdxTest, ReadsEmptySizes) {
  for (const Sizes& sizes : {Sizes{0}, Sizes{0, 28, 28}, Sizes{3, 0}}) {
    const IdxArray<std::uint8_t> bytes = read_idx_bytes(written(idx_file('\x08', sizes, "")));
    EXPECT_EQ(bytes.shape, sizes);
    EXPECT_TRUE(bytes.values.empty());
    EXPECT_TRUE(read_idx_integers(written(gzip(idx_file('\x0C', sizes, "")))).values.empty());
  }
}

TEST_F(IdxTest, ReadsDataLargerThanTheFirstBlock) {
  constexpr std::uint32_t kSize = (1U << 26U) + 1;
  std::string data(kSize, '\x05');
  data.back() = '\x07';
  const IdxArray<std::uint8_t> array =
      read_idx_bytes(written(gzip(idx_file('\x08', {kSize}, data))));
  ASSERT_EQ(array.values.size(), kSize);
  EXPECT_EQ(array.values[kSize - 2], 5);
  EXPECT_EQ(array.values[kSize - 1], 7);
}

TEST_F(IdxTest, EveryTruncationThrows) {
  const std::string integers = idx_file('\x0C', {2, 2}, noise(16));
  for (std::size_t size = 0; size < kSixBytes.size(); ++size) {
    expect_in_idx(bytes_error(kSixBytes.substr(0, size)), fmt::format("ends at byte {};", size));
  }
  for (std::size_t size = 0; size < integers.size(); ++size) {
    expect_in_idx(integers_error(integers.substr(0, size)), fmt::format("ends at byte {};", size));
  }
}

TEST_F(IdxTest, EveryTruncationOfPackedDataThrows) {
  const std::string packed = gzip(kSixBytes);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    expect_in_idx(bytes_error(packed.substr(0, size)), " at byte ");
  }
}

// Large blocks go through zlib another way than small ones: it stops when the last byte is there,
// whether or not the checksum behind it is.
TEST_F(IdxTest, TruncationOfLargePackedDataThrows) {
  constexpr std::uint32_t kSize = 2U << 20U;
  const std::string packed = gzip(idx_file('\x08', {kSize}, noise(kSize)));
  for (const std::size_t missing : {1U, 4U, 7U, 8U, 9U, 10U, 1000U}) {
    SCOPED_TRACE(missing);
    expect_in_idx(bytes_error(packed.substr(0, packed.size() - missing)), " at byte ");
  }
}

TEST_F(IdxTest, EveryFlippedByteOfPackedDataThrows) {
  constexpr std::size_t kHeader = 10;  // flags, time and system of the packing: no data
  const std::string packed = gzip(kSixBytes);
  for (std::size_t i = kHeader; i < packed.size(); ++i) {
    std::string damaged = packed;
    damaged[i] = static_cast<char>(~damaged[i]);
    expect_in_idx(bytes_error(damaged), "byte ");
  }
}

TEST_F(IdxTest, FlippedByteOfLargePackedDataThrows) {
  constexpr std::uint32_t kSize = 2U << 20U;
  const std::string packed = gzip(idx_file('\x08', {kSize}, noise(kSize)));
  for (const std::size_t place : {packed.size() / 2, packed.size() - 8, packed.size() - 1}) {
    std::string damaged = packed;
    damaged[place] = static_cast<char>(~damaged[place]);
    expect_in_idx(bytes_error(damaged), "damaged gzip data at byte ");
  }
}

TEST_F(IdxTest, OneByteTooManyThrows) {
  expect_in_idx(bytes_error(kSixBytes + '\0'), "goes on after byte 18");
  expect_in_idx(bytes_error(gzip(kSixBytes + '\0')), "goes on after byte 18");
  expect_in_idx(bytes_error(gzip(kSixBytes) + '\0'), "goes on after byte 18");
  expect_in_idx(integers_error(idx_file('\x0C', {1}, "12345")), "goes on after byte 12");
  expect_in_idx(bytes_error(idx_file('\x08', {0}, "1")), "goes on after byte 8");
}

TEST_F(IdxTest, WrongMagicThrows) {
  const std::string rest(20, '\0');
  for (const std::string& magic :
       {"\x01\0\x08\x01"s, "\0\x01\x08\x01"s, "\0\0\x09\x01"s, "\0\0\x0B\x01"s, "\0\0\x0C\x01"s,
        "\0\0\x0D\x01"s, "\0\0\x0E\x01"s, "\0\0\x08\0"s, "\0\0\x08\x04"s, "\0\0\x08\xFF"s}) {
    const std::string message = bytes_error(magic + rest);
    expect_in_idx(message, "byte 0: wrong magic");
    expect_in_idx(message, "expected 00 00 08 and 01 to 03");
    expect_in_idx(bytes_error(gzip(magic + rest)), "byte 0: wrong magic");
  }
  expect_in_idx(bytes_error("\x01\x02\x08\xFF"s + rest), "wrong magic 01 02 08 ff");
  expect_in_idx(integers_error("\0\0\x08\x01"s + rest), "expected 00 00 0c and 01 to 03");
  expect_in_idx(integers_error("\0\0\x0C\x04"s + rest), "byte 0: wrong magic 00 00 0c 04");
}

TEST_F(IdxTest, HugeSizesThrowAndTakeLittleMemory) {
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // in KiB
  };
  constexpr std::uint32_t kMaxCount = 0xFFFFFFFF;
  constexpr long kMaxMemory = 640L * 1024;  // a block of 64 MiB and the shadows of sanitizers
  const long before = peak();
  expect_in_idx(bytes_error(idx_file('\x08', {1U << 30U}, "abc")), "ends at byte 11;");
  ASSERT_LT(peak() - before, kMaxMemory);  // before it comes to 32 GiB
  expect_in_idx(bytes_error(idx_file('\x08', {1U << 17U, 1U << 18U}, "abc")), "ends at byte 15;");
  expect_in_idx(integers_error(idx_file('\x0C', {1U << 15U, 1U << 18U}, "abcd")),
                "ends at byte 16;");
  expect_in_idx(bytes_error(idx_file('\x08', {kMaxCount, kMaxCount, kMaxCount}, "abc")),
                "byte 4: ");
  expect_in_idx(integers_error(idx_file('\x0C', {kMaxCount, kMaxCount, kMaxCount}, "abc")),
                "byte 4: ");
  expect_in_idx(integers_error(idx_file('\x0C', {1U << 31U, 1U << 31U}, "abc")), "byte 4: ");
  EXPECT_LT(peak() - before, kMaxMemory);
}

TEST_F(IdxTest, WhatIsNoFileThrows) {
  for (const char* name : {"missing", "missing/file", "."}) {
    const fs::path path = folder_ / name;
    try {
      (void)read_idx_bytes(path);
      ADD_FAILURE() << name;
    } catch (const DataError& error) {
      expect_in_idx(error.what(), path.string() + ": cannot be read");
    }
  }
}

}  // namespace
}  // namespace qmnist
