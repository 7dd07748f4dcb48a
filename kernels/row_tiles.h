#pragma once

#include <cstddef>

#include "kernels/launch.h"

namespace qmnist {

/// Rows of a batch that a block sums up in sums over the batch. A batch of more is summed in tiles
/// of so many rows, each by blocks of its own, and a second launch adds the tiles' sums in their
/// order, so that the bits are the same every time.
inline constexpr std::size_t kTileRows = 1024;

/// Tiles of a batch.
constexpr std::size_t tiles_for(std::size_t rows) {
  return (rows + kTileRows - 1) / kTileRows;
}

#ifdef QMNIST_KERNELS

/// The rows of this block's tile, blockIdx.y: from first up to end.
struct RowTile {
  std::size_t first;
  std::size_t end;
};

__device__ inline RowTile row_tile(std::size_t rows) {
  const std::size_t first = blockIdx.y * kTileRows;
  const std::size_t end = first + kTileRows;
  return {first, end < rows ? end : rows};
}

/// Sum of a column of tile_sums [tiles, columns] over the tiles, ascending.
__device__ inline float sum_of_tiles(const float* tile_sums, std::size_t tiles, std::size_t columns,
                                     std::size_t column) {
  float sum = 0;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    sum += tile_sums[tile * columns + column];
  }
  return sum;
}

#endif

}  // namespace qmnist
