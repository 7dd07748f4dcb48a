#include "host/data/gunzip.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "tests/support/gzip.h"

namespace qmnist {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes gzip(const Bytes& content) {
  const std::string packed =
      test::gzip({reinterpret_cast<const char*>(content.data()), content.size()});
  return {packed.begin(), packed.end()};
}

Bytes content_of(std::size_t size) {
  Bytes content(size);
  std::iota(content.begin(), content.end(), std::uint8_t{0});
  return content;
}

TEST(GunzipTest, UnpacksWholeFiles) {
  for (const std::size_t size : {0U, 1U, 1000U, 3'000'000U}) {
    EXPECT_EQ(gunzip(gzip(content_of(size))), content_of(size)) << size;
  }
}

/// zlib's stream then reads them, or says where they are damaged.
TEST(GunzipTest, LeavesDamagedFiles) {
  const Bytes packed = gzip(content_of(1000));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(gunzip(std::span(packed).first(size))) << size;
  }
  for (std::size_t i = 10; i < packed.size(); ++i) {  // from the data on
    Bytes damaged = packed;
    damaged[i] = static_cast<std::uint8_t>(~damaged[i]);
    EXPECT_FALSE(gunzip(damaged)) << i;
  }
}

TEST(GunzipTest, LeavesFilesOfSeveralMembers) {
  Bytes packed = gzip(content_of(10));
  const Bytes more = gzip(content_of(10));
  packed.insert(packed.end(), more.begin(), more.end());
  EXPECT_FALSE(gunzip(packed));
  packed.resize(packed.size() - more.size() + 1);
  EXPECT_FALSE(gunzip(packed));
}

/// More than 1032 bytes for one of the file cannot come, however much it announces.
TEST(GunzipTest, AllocatesNoMoreThanCanCome) {
  Bytes packed = gzip(content_of(1000));
  packed.back() = 0x0F;  // 240 MB
  EXPECT_FALSE(gunzip(packed));
  packed.back() = 0xFF;  // 4 GB
  EXPECT_FALSE(gunzip(packed));
}

}  // namespace
}  // namespace qmnist
