#include "host/engines/cpu/nonzero_bits.h"

#include <gtest/gtest.h>

#include <limits>

namespace qmnist::cpu {
namespace {

constexpr std::size_t kTile = NonzeroBits::kTile;

class NonzeroBitsTest : public testing::TestWithParam<PackedMatrix::Panels> {};

INSTANTIATE_TEST_SUITE_P(Panels, NonzeroBitsTest,
                         testing::Values(PackedMatrix::Panels::kWide,
                                         PackedMatrix::Panels::kWidest));

/// Zeros of both signs, a NaN, and a third of other values.
float value(std::size_t row, std::size_t column) {
  const std::size_t i = row * 37 + column * 101;
  return i % 29 == 0  ? std::numeric_limits<float>::quiet_NaN()
         : i % 3 == 0 ? 0.5F
         : i % 2 == 0 ? -0.0F
                      : 0.0F;
}

TEST_P(NonzeroBitsTest, AreThoseOfEveryElementBothWays) {
  constexpr std::size_t kRows = 70;
  constexpr std::size_t kColumns = 150;
  PackedMatrix matrix(kRows, kColumns, GetParam());
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      matrix.at(row, column) = value(row, column);
    }
  }
  NonzeroBits bits(kRows, kColumns);
  for (const Range rows : {Range{0, 8}, Range{8, kRows}}) {
    bits.find(matrix, rows);
  }
  // Threads have parts of a tile's columns.
  for (const Range columns : {Range{0, 16}, Range{16, 80}, Range{80, kColumns}}) {
    bits.transpose(columns);
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      const std::size_t tile = column / kTile;
      const std::uint64_t of_row = bits.of_rows(tile)[row] >> column % kTile & 1;
      const std::uint64_t of_column =
          bits.of_columns(tile)[row / kTile * kTile + column % kTile] >> row % kTile & 1;
      const bool is_nonzero = value(row, column) != 0;
      EXPECT_EQ(of_row, is_nonzero) << row << ", " << column;
      EXPECT_EQ(of_column, is_nonzero) << row << ", " << column;
    }
  }
}

TEST(NonzeroBitsTest, TransposingSomeColumnsLeavesTheOthers) {
  PackedMatrix matrix(kTile, kTile, PackedMatrix::Panels::kWide);
  matrix.at(5, 3) = 1;
  matrix.at(5, 20) = 1;
  NonzeroBits bits(kTile, kTile);
  bits.find(matrix, {0, kTile});
  bits.transpose({16, 32});
  EXPECT_EQ(bits.of_columns(0)[3], 0U);
  EXPECT_EQ(bits.of_columns(0)[20], 1U << 5U);
}

}  // namespace
}  // namespace qmnist::cpu
