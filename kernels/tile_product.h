#pragma once

#include <cstddef>

#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/scalar.h"

namespace qmnist {

#ifdef QMNIST_KERNELS

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

inline constexpr unsigned kTileSide = 32;   ///< rows and columns of a block's tile of a product
inline constexpr unsigned kTileDepth = 16;  ///< that is in shared memory at a time
inline constexpr unsigned kTileThreads = 128;

/// A matrix whose product is wanted, as it lies in memory: element `depth` of line `side`, a row of
/// the left or a column of the right operand.
struct TileOperand {
  const float* values;
  std::size_t sides;
  std::size_t row_length;    ///< in memory
  bool depth_is_contiguous;  ///< a side is a row in memory, else a column
};

/// Memory of a block. Lines of operands are read four floats at a time; of sums, the pitch is odd,
/// so that the lanes of a warp write a column to 32 banks.
struct TileMemory {
  static constexpr unsigned kPitch = kTileSide + 4;
  static constexpr unsigned kSumPitch = kTileSide + 1;
  alignas(16) float words[2 * kTileDepth * kPitch];

  __device__ float* left(unsigned depth) { return words + std::size_t{depth} * kPitch; }
  __device__ float* right(unsigned depth) {
    return words + std::size_t{kTileDepth + depth} * kPitch;
  }
  __device__ float& sum(unsigned row, unsigned column) { return words[row * kSumPitch + column]; }
};

/// A thread's elements of an operand's tile, on their way to shared memory.
inline constexpr unsigned kFetched = kTileSide * kTileDepth / kTileThreads;
struct TileFetch {
  float at[kFetched];
};

/// Place in a tile of the i-th element that this thread brings: neighbours in memory for
/// neighbouring threads.
struct TilePlace {
  unsigned side;
  unsigned depth;
};
__device__ inline TilePlace tile_place(bool depth_is_contiguous, unsigned i) {
  return depth_is_contiguous ? TilePlace{threadIdx.x / kTileDepth + i * (kTileThreads / kTileDepth),
                                         threadIdx.x % kTileDepth}
                             : TilePlace{threadIdx.x % kTileSide,
                                         threadIdx.x / kTileSide + i * (kTileThreads / kTileSide)};
}

/// Reads the tile that begins at a side and a depth; 0 beyond the operand.
__device__ inline TileFetch fetch_tile(const TileOperand& operand, std::size_t first_side,
                                       std::size_t first_depth, std::size_t depth) {
  TileFetch fetch;
  for (unsigned i = 0; i < kFetched; ++i) {
    const TilePlace place = tile_place(operand.depth_is_contiguous, i);
    const std::size_t side = first_side + place.side;
    const std::size_t k = first_depth + place.depth;
    const std::size_t at =
        operand.depth_is_contiguous ? side * operand.row_length + k : k * operand.row_length + side;
    fetch.at[i] = side < operand.sides && k < depth ? operand.values[at] : 0;
  }
  return fetch;
}

/// This thread's part of a tile of the product: kThreadRows x kThreadColumns sums.
inline constexpr unsigned kThreadRows = 2;
inline constexpr unsigned kThreadColumns = 4;
struct TileSums {
  float at[kThreadRows][kThreadColumns] = {};
};

/// Adds a product of a column of the left and a row of the right tile.
__device__ inline void add_products(TileMemory& memory, unsigned depth, TileSums& sums) {
  const float* left =
      memory.left(depth) + std::size_t{threadIdx.x / (kTileSide / kThreadColumns)} * kThreadRows;
  const float* right = memory.right(depth) +
                       std::size_t{threadIdx.x % (kTileSide / kThreadColumns)} * kThreadColumns;
  for (unsigned row = 0; row < kThreadRows; ++row) {
    for (unsigned column = 0; column < kThreadColumns; ++column) {
      sums.at[row][column] = mul_add(left[row], right[column], sums.at[row][column]);
    }
  }
}

/// This block's tile of left * right: rows from blockIdx.y * kTileSide, columns from blockIdx.x *
/// kTileSide on. Each element is one chain of fused multiply-adds from 0, depth ascending. On
/// return, they are in memory.sum(row, column), for all threads.
__device__ inline void multiply_tile(const TileOperand& left, const TileOperand& right,
                                     std::size_t depth, TileMemory& memory) {
  const std::size_t first_row = std::size_t{blockIdx.y} * kTileSide;
  const std::size_t first_column = std::size_t{blockIdx.x} * kTileSide;
  TileSums sums;
  TileFetch of_left = fetch_tile(left, first_row, 0, depth);
  TileFetch of_right = fetch_tile(right, first_column, 0, depth);
  for (std::size_t first = 0; first < depth; first += kTileDepth) {
    for (unsigned i = 0; i < kFetched; ++i) {
      const TilePlace in_left = tile_place(left.depth_is_contiguous, i);
      memory.left(in_left.depth)[in_left.side] = of_left.at[i];
      const TilePlace in_right = tile_place(right.depth_is_contiguous, i);
      memory.right(in_right.depth)[in_right.side] = of_right.at[i];
    }
    __syncthreads();  // the tiles must be there
    const std::size_t next = first + kTileDepth;
    if (next <= depth) {
      of_left = fetch_tile(left, first_row, next, depth);  // while these are multiplied
      of_right = fetch_tile(right, first_column, next, depth);
      for (unsigned k = 0; k < kTileDepth; ++k) {
        add_products(memory, k, sums);
      }
    } else {  // not a term more, as adding 0 changes -0
      for (unsigned k = 0; k < depth - first; ++k) {
        add_products(memory, k, sums);
      }
    }
    __syncthreads();  // the next tiles, or the sums, take the place of these
  }
  for (unsigned row = 0; row < kThreadRows; ++row) {
    for (unsigned column = 0; column < kThreadColumns; ++column) {
      memory.sum(threadIdx.x / (kTileSide / kThreadColumns) * kThreadRows + row,
                 threadIdx.x % (kTileSide / kThreadColumns) * kThreadColumns + column) =
          sums.at[row][column];
    }
  }
  __syncthreads();  // all sums must be there
}

/// Calls visit(row, column, sum) for the tile's elements of the product [rows, columns], each in
/// one thread: neighbouring threads have neighbouring columns.
template <typename Visit>
__device__ inline void for_each_sum(TileMemory& memory, std::size_t rows, std::size_t columns,
                                    const Visit& visit) {
  const unsigned lane = threadIdx.x % kTileSide;
  const std::size_t column = std::size_t{blockIdx.x} * kTileSide + lane;
  for (unsigned i = threadIdx.x / kTileSide; i < kTileSide; i += kTileThreads / kTileSide) {
    const std::size_t row = std::size_t{blockIdx.y} * kTileSide + i;
    if (row < rows && column < columns) {
      visit(row, column, memory.sum(i, lane));
    }
  }
}

/// The blocks of a product [rows, columns] of each network.
inline dim3 tile_blocks(std::size_t rows, std::size_t columns, const NetworkSet& networks) {
  return {blocks_for(columns, kTileSide), blocks_for(rows, kTileSide), networks.count};
}

// NOLINTEND(modernize-avoid-c-arrays)

#endif

}  // namespace qmnist
