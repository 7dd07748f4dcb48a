#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/data/dataset.h"
#include "host/engines/cpu/packed_matrix.h"

namespace qmnist::cpu {

/// A batch's images, and which of their pixels are not zero: four of five are, and products with
/// them need not be done. Known both ways, as the forward pass goes through an image's pixels and
/// the weight gradient through a pixel's images.
///
/// Cut into tiles of kTile pixels: their weights stay in the first cache while all images pass, and
/// which of them are not zero fits in the bits of a word. Images are cut into groups of kTile, too.
class SparseBatch {
 public:
  static constexpr std::size_t kTile = 64;

  /// Room for batches of up to that many rows.
  SparseBatch(std::size_t inputs, std::size_t rows);

  /// Memory that they take.
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t inputs, std::size_t rows) {
    const std::size_t images_of_tiles = tiles_for(inputs) * tiles_for(rows) * kTile;
    return images_of_tiles * (kTile * sizeof(std::uint8_t) + 2 * sizeof(std::uint64_t));
  }

  [[nodiscard]] std::size_t tiles() const { return tiles_; }
  [[nodiscard]] std::size_t groups() const { return groups_; }

  /// Loads some tiles of the images data[batch[...]]; different threads may take different tiles.
  /// Images lie anywhere in memory, so those of the `next` batch are prefetched meanwhile.
  void load(const DataView& data, std::span<const std::uint32_t> batch,
            std::span<const std::uint32_t> next, Range tiles);

  /// Grey levels of a tile, [rows, kTile]; zeros behind an image's end.
  [[nodiscard]] const std::uint8_t* pixels(std::size_t tile) const {
    return pixels_.data() + place_of(tile, 0) * kTile;
  }
  /// [rows] words; bit p: pixel p of the tile is not zero in that image of the batch.
  [[nodiscard]] const std::uint64_t* of_images(std::size_t tile) const {
    return of_image_.data() + place_of(tile, 0);
  }
  /// [kTile] words; bit i: that pixel of the tile is not zero in image i of the group.
  [[nodiscard]] const std::uint64_t* of_pixels(std::size_t tile, std::size_t group) const {
    return of_pixel_.data() + place_of(tile, group);
  }

 private:
  /// That many pixels or images, cut into tiles or groups.
  [[nodiscard]] static constexpr std::size_t tiles_for(std::size_t count) {
    return (count + kTile - 1) / kTile;
  }
  [[nodiscard]] std::size_t place_of(std::size_t tile, std::size_t group) const {
    return (tile * groups_ + group) * kTile;
  }

  std::size_t inputs_;
  std::size_t groups_;
  std::size_t tiles_;
  std::vector<std::uint8_t> pixels_;     ///< [tiles, groups, kTile images, kTile pixels]
  std::vector<std::uint64_t> of_image_;  ///< [tiles, groups, kTile images]
  std::vector<std::uint64_t> of_pixel_;  ///< [tiles, groups, kTile pixels]
};

}  // namespace qmnist::cpu
