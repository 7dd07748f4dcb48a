#pragma once

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstddef>
#include <new>

#include "host/share.h"

namespace qmnist::cpu {

/// Columns that are worked on together: 64 bytes, a cache line and the widest vector.
inline constexpr std::size_t kBlockWidth = 16;

[[nodiscard]] constexpr std::size_t blocks_for(std::size_t columns) {
  return (columns + kBlockWidth - 1) / kBlockWidth;
}

/// A matrix [rows, columns] cut into panels of one, four or eight blocks of columns, each panel
/// row-major, so that a product of any size reads its operands in order. The columns that fill up
/// the last panel are zeros. Aligned to a cache line; movable, owns its memory, which may be that
/// of some blocks alone.
class PackedMatrix {
 public:
  /// Blocks of a panel.
  enum class Panels : std::size_t { kNarrow = 1, kWide = 4, kWidest = 8 };

  PackedMatrix() = default;
  /// @throws std::bad_alloc
  PackedMatrix(std::size_t rows, std::size_t columns, Panels panels = Panels::kNarrow)
      : PackedMatrix(rows, columns, panels, {0, blocks_for(columns)}) {}
  /// With memory for the panels of these blocks, the only ones that may be used.
  PackedMatrix(std::size_t rows, std::size_t columns, Panels panels, Range kept)
      : rows_(rows),
        panel_blocks_(blocks_of_panel(panels)),
        blocks_(whole_panels(blocks_for(columns), panels)),
        kept_(whole_panels(kept, panels)),
        values_(hwy::AllocateAligned<float>(std::max<std::size_t>(rows_ * kept_.size(), 1) *
                                            kBlockWidth)) {
    if (values_ == nullptr) {
      throw std::bad_alloc();
    }
    std::fill_n(values_.get(), rows_ * kept_.size() * kBlockWidth, 0.0F);
  }

  /// Memory in bytes of such a matrix.
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t rows, std::size_t columns,
                                                   Panels panels = Panels::kNarrow) {
    return bytes(rows, panels, {0, blocks_for(columns)});
  }
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t rows, Panels panels, Range kept) {
    return rows * whole_panels(kept, panels).size() * kBlockWidth * sizeof(float);
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] Panels panels() const { return Panels{panel_blocks_}; }
  [[nodiscard]] std::size_t blocks() const { return blocks_; }
  /// The blocks that are in memory.
  [[nodiscard]] Range kept() const { return kept_; }
  /// From a row of a block to the next.
  [[nodiscard]] std::size_t pitch() const { return panel_blocks_ * kBlockWidth; }
  /// Blocks from this one on that are adjacent in memory.
  [[nodiscard]] std::size_t adjacent_blocks(std::size_t block) const {
    return panel_blocks_ - within_panel(block);
  }

  /// The kBlockWidth values of a row of a block.
  [[nodiscard]] float* row(std::size_t block, std::size_t row) {
    return values_.get() + offset(block, row);
  }
  [[nodiscard]] const float* row(std::size_t block, std::size_t row) const {
    return values_.get() + offset(block, row);
  }

  [[nodiscard]] float& at(std::size_t row_index, std::size_t column) {
    return row(column / kBlockWidth, row_index)[column % kBlockWidth];
  }
  [[nodiscard]] float at(std::size_t row_index, std::size_t column) const {
    return row(column / kBlockWidth, row_index)[column % kBlockWidth];
  }

 private:
  [[nodiscard]] static constexpr std::size_t blocks_of_panel(Panels panels) {
    return static_cast<std::size_t>(panels);
  }
  /// That number of blocks, the last panel filled up.
  [[nodiscard]] static constexpr std::size_t whole_panels(std::size_t blocks, Panels panels) {
    const std::size_t of_panel = blocks_of_panel(panels);
    return (blocks + of_panel - 1) / of_panel * of_panel;
  }
  /// The blocks of all panels that have some of these.
  [[nodiscard]] static constexpr Range whole_panels(Range blocks, Panels panels) {
    const std::size_t of_panel = blocks_of_panel(panels);
    return {blocks.begin / of_panel * of_panel, whole_panels(blocks.end, panels)};
  }
  [[nodiscard]] std::size_t within_panel(std::size_t block) const {
    return block & (panel_blocks_ - 1);  // a division would be slower than the load it is for
  }
  [[nodiscard]] std::size_t offset(std::size_t block, std::size_t row) const {
    const std::size_t within = within_panel(block);
    return ((block - within - kept_.begin) * rows_ + row * panel_blocks_ + within) * kBlockWidth;
  }

  std::size_t rows_ = 0;
  std::size_t panel_blocks_ = 1;
  std::size_t blocks_ = 0;
  Range kept_{0, 0};
  hwy::AlignedFreeUniquePtr<float[]> values_;  // NOLINT(modernize-avoid-c-arrays): as Highway says
};

/// Panels of matrices whose columns are the first layer's outputs, which that many threads share. A
/// thread has whole panels.
[[nodiscard]] constexpr PackedMatrix::Panels first_layer_panels(std::size_t outputs,
                                                                std::size_t threads) {
  constexpr auto kWidest = static_cast<std::size_t>(PackedMatrix::Panels::kWidest);
  return blocks_for(outputs) % (kWidest * threads) == 0 ? PackedMatrix::Panels::kWidest
                                                        : PackedMatrix::Panels::kWide;
}

}  // namespace qmnist::cpu
