#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/packed_matrix.h"
#include "host/engines/cpu/workspace.h"
#include "host/world/world.h"

namespace qmnist::cpu {

/// What the ranks of a world exchange in a step. Of each layer, a rank has a share of the outputs'
/// blocks: it sums the gradients of their weights and biases over the slices of the batch, and
/// steps the optimizer on them.
///
/// A step: put_slice() for each of this rank's slices, sum_slices(), the optimizer's step on
/// own_blocks(), gather().
class RankExchange {
 public:
  /// @param world and network must outlive this
  /// @param slices of this rank; all ranks have as many
  RankExchange(World& world, const Network& network, std::size_t slices);

  /// Memory in bytes that it takes.
  [[nodiscard]] static std::size_t bytes(std::size_t ranks, const Network& network,
                                         std::size_t slices);

  /// The blocks of a layer's outputs that are this rank's share.
  [[nodiscard]] Range own_blocks(std::size_t layer) const { return blocks(layer, world_.rank()); }

  /// Takes note of the gradient of one of this rank's slices.
  void put_slice(std::size_t slice, const std::vector<Layer>& gradients);

  /// Writes the sum of all slices' gradients, added in their order, to this rank's blocks.
  void sum_slices(std::vector<Layer>& sums);

  /// Brings the other ranks' values of weights and biases here.
  void gather(std::vector<Layer>& layers);

  /// Brings the other ranks' share of an arena here.
  void gather_arena(std::span<float> arena) const;

  /// Brings what the other ranks know of their slices' rows of a batch here.
  void gather_rows(std::span<SampleLoss> rows) const;

  /// Brings the other ranks' parts of a row of values, [a layer's blocks * kBlockWidth], here.
  void gather_units(std::size_t layer, std::span<double> values) const;

 private:
  [[nodiscard]] Range blocks(std::size_t layer, std::size_t rank) const {
    return blocks_of_rank(network_.layers()[layer], {rank, world_.size()});
  }
  /// Calls visit(the kBlockWidth values of a row of a block) for all of a rank's share.
  template <typename Layers, typename Visit>
  void for_each_row(Layers& layers, std::size_t rank, const Visit& visit) const;

  World& world_;
  const Network& network_;
  std::size_t slices_;
  std::vector<std::size_t> floats_;  ///< [ranks], of their shares
  std::vector<float> sent_;          ///< [ranks, own slices, floats of the rank]
  std::vector<float> received_;      ///< [slices, own floats]; then [ranks, floats of the rank]
};

}  // namespace qmnist::cpu
