#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engines/cpu/packed_matrix.h"

namespace qmnist::cpu {

/// Which elements of a matrix [rows, columns] are not zero: products with the others need not be
/// computed. Known both ways, as the forward pass goes through the columns of a row, and the weight
/// gradient through the rows of a column.
///
/// Columns are cut into tiles of kTile, whose bits are a word: the weights of a tile stay in the
/// first cache while all rows pass. Rows are cut into groups of kTile, likewise.
class NonzeroBits {
 public:
  static constexpr std::size_t kTile = 64;

  NonzeroBits() = default;
  /// All zeros.
  NonzeroBits(std::size_t rows, std::size_t columns)
      : groups_(tiles_for(rows)),
        tiles_(tiles_for(columns)),
        of_rows_(tiles_ * groups_ * kTile),
        of_columns_(tiles_ * groups_ * kTile) {}

  /// Memory that they take.
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t rows, std::size_t columns) {
    return 2 * tiles_for(columns) * tiles_for(rows) * kTile * sizeof(std::uint64_t);
  }
  /// That many rows or columns, cut into groups or tiles.
  [[nodiscard]] static constexpr std::size_t tiles_for(std::size_t count) {
    return (count + kTile - 1) / kTile;
  }

  [[nodiscard]] std::size_t tiles() const { return tiles_; }
  [[nodiscard]] std::size_t groups() const { return groups_; }

  /// [groups * kTile] words; bit c: column c of the tile is not zero in that row.
  [[nodiscard]] std::uint64_t* of_rows(std::size_t tile) {
    return of_rows_.data() + tile * groups_ * kTile;
  }
  [[nodiscard]] const std::uint64_t* of_rows(std::size_t tile) const {
    return of_rows_.data() + tile * groups_ * kTile;
  }
  /// [groups, kTile] words; bit r: that column of the tile is not zero in row r of the group.
  [[nodiscard]] const std::uint64_t* of_columns(std::size_t tile) const {
    return of_columns_.data() + tile * groups_ * kTile;
  }

  /// Sets of_rows() of some rows of a matrix in panels of at least a tile. Different threads may
  /// take different rows.
  void find(const PackedMatrix& matrix, Range rows);

  /// Sets of_columns() of some columns by of_rows(). Different threads may take different columns.
  void transpose(Range columns);

 private:
  std::size_t groups_ = 0;
  std::size_t tiles_ = 0;
  std::vector<std::uint64_t> of_rows_;     ///< [tiles, groups, kTile rows]
  std::vector<std::uint64_t> of_columns_;  ///< [tiles, groups, kTile columns]
};

}  // namespace qmnist::cpu
