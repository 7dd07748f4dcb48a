#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/cpu/nonzero_bits.h"

namespace qmnist::cpu {

/// A batch's images, and which of their pixels are not zero: four of five are.
class SparseBatch {
 public:
  static constexpr std::size_t kTile = NonzeroBits::kTile;

  /// Room for batches of up to that many rows.
  SparseBatch(std::size_t inputs, std::size_t rows);

  /// Memory that they take.
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t inputs, std::size_t rows) {
    return NonzeroBits::bytes(rows, inputs) + pixels_for(inputs, rows);
  }

  [[nodiscard]] std::size_t tiles() const { return nonzero_.tiles(); }
  /// Of [images, pixels].
  [[nodiscard]] const NonzeroBits& nonzero() const { return nonzero_; }

  /// Loads some tiles of the images data[batch[...]]; different threads may take different tiles.
  /// Images lie anywhere in memory, so those of the `next` batch are prefetched meanwhile.
  void load(const DataView& data, std::span<const std::uint32_t> batch,
            std::span<const std::uint32_t> next, Range tiles);

  /// Grey levels of a tile, [rows, kTile]; zeros behind an image's end.
  [[nodiscard]] const std::uint8_t* pixels(std::size_t tile) const {
    return pixels_.data() + tile * rows() * kTile;
  }

 private:
  [[nodiscard]] static constexpr std::size_t pixels_for(std::size_t inputs, std::size_t rows) {
    return NonzeroBits::tiles_for(inputs) * NonzeroBits::tiles_for(rows) * kTile * kTile;
  }
  /// Filled up to whole groups.
  [[nodiscard]] std::size_t rows() const { return nonzero_.groups() * kTile; }

  std::size_t inputs_;
  NonzeroBits nonzero_;
  std::vector<std::uint8_t> pixels_;  ///< [tiles, rows(), kTile pixels]
};

}  // namespace qmnist::cpu
