#include "host/data/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

TEST(Sha256Test, GivesThePublishedDigests) {
  const test::TemporaryFolder folder;
  const auto digest = [&](std::string_view content) {
    test::write_file(folder / "file", content);
    return sha256_of_file(folder / "file");
  };
  // FIPS 180-4's examples, and 3,000,000 bytes by Python's hashlib: more than one block of reading.
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(std::string(3000000, 'a')),
            "2a152c894398719c0570f83fac34ac03a0f6e8e474b995c2403aa5434f7b9dd4");
  EXPECT_THROW((void)sha256_of_file(folder / "missing"), DataError);
  EXPECT_THROW((void)sha256_of_file(folder.path()), DataError);
}

}  // namespace
}  // namespace qmnist
