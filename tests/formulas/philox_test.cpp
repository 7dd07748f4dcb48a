#include "kernels/philox.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace qmnist {
namespace {

void expect_words(const RandomWords& actual, const RandomWords& expected) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(actual.words[i], expected.words[i]) << i;
  }
}

TEST(PhiloxTest, GivesTheAuthorsKnownAnswers) {
  // Random123, tests/kat_vectors, philox4x32 10
  expect_words(philox({{0, 0, 0, 0}}, 0, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect_words(philox({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffff, 0xffffffff),
               {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect_words(philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
               {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(PhiloxTest, EveryPlaceInARunHasItsOwnWords) {
  constexpr std::uint64_t kLateStep = std::uint64_t{1} << 32;
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> seen;
  std::size_t places = 0;
  for (const std::uint32_t seed : {0U, 1U}) {
    for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, kLateStep}) {
      for (const std::uint32_t row : {0U, 1U}) {
        for (const auto use : {StepRandom::kAffine, StepRandom::kElastic, StepRandom::kDropout}) {
          for (const std::uint32_t index : {0U, 1U}) {
            const RandomWords drawn = RowRandom{step, row, seed}.words(use, index);
            seen.emplace(drawn.words[0], drawn.words[1], drawn.words[2], drawn.words[3]);
            ++places;
          }
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), places);
}

}  // namespace
}  // namespace qmnist
