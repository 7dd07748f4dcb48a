#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engines/cpu/packed_matrix.h"
#include "host/model/network.h"
#include "kernels/optimizer.h"

namespace qmnist::cpu {

/// One of the ranks that share the optimizer's work.
struct RankOf {
  std::size_t rank = 0;
  std::size_t ranks = 1;
};

/// The blocks of a layer's outputs that are a rank's share.
[[nodiscard]] constexpr Range blocks_of_rank(const DenseLayer& layer, RankOf rank) {
  return share(blocks_for(layer.outputs), rank.rank, rank.ranks);
}

/// Weights or biases and their optimizer state, all of the same shape.
struct Parameters {
  PackedMatrix values;
  std::vector<PackedMatrix> moments;  ///< as many as the optimizer keeps, of this rank's share
  PackedMatrix ema;  ///< moving average of the values; without rows where none is kept
};

/// What to do with a gradient while it is in registers: an optimizer step, or, with `gradients`,
/// only store it there or add it to what is there.
struct Update {
  OptimizerName optimizer = {};
  OptimizerStep<float> step = {};
  PackedMatrix* gradients = nullptr;
  bool adds = false;
};

/// The number of layers, from the first on, whose products leave out the zeros of their inputs:
/// pixels, and the activations of ReLU, most of which are zero in a trained network. The last layer
/// and those with fewer than kLeastSparseUnits inputs or outputs multiply everything, and so do all
/// after them.
inline constexpr std::size_t kLeastSparseUnits = 128;
[[nodiscard]] std::size_t sparse_layers(const Network& network);

/// Panels of a layer's outputs.
/// @param first those of the first layer
[[nodiscard]] PackedMatrix::Panels panels_of(const Network& network, PackedMatrix::Panels first,
                                             std::size_t layer);

/// A dense layer's parameters as the CPU engine keeps them.
struct Layer {
  /// Zeros, with moments of the rank's share.
  /// @param panels of the outputs; transposed: of the transposed weights
  Layer(const DenseLayer& shape, PackedMatrix::Panels panels, PackedMatrix::Panels transposed,
        std::size_t moments, RankOf rank = {});

  Parameters weight;               ///< [inputs, filled up to whole blocks; outputs]
  Parameters bias;                 ///< [1, outputs]
  PackedMatrix weight_transposed;  ///< [outputs, filled up; inputs], for the backward pass
};

/// The layers of a network, with that number of moments per parameter of the rank's share.
/// @param first panels of the first layer
[[nodiscard]] std::vector<Layer> make_layers(const Network& network, PackedMatrix::Panels first,
                                             std::size_t moments, RankOf rank = {});

/// Memory that they take, with an EMA of the parameters or without.
[[nodiscard]] std::size_t bytes_of_layers(const Network& network, PackedMatrix::Panels first,
                                          std::size_t moments, bool with_ema, RankOf rank = {});

/// Updates the EMA of some blocks of columns.
void update_ema_blocks(const OptimizerStep<float>& step, Range blocks, Parameters& parameters);

/// Copies parameters and moments from arenas of the network, and to new ones; with an EMA, if
/// there is one, which starts from the eval parameters. Moments of other ranks' shares are zeros in
/// the new ones.
void load_state(const Network& network, const TrainingState& state, bool with_ema,
                std::vector<Layer>& layers);
[[nodiscard]] TrainingState save_state(const Network& network, const std::vector<Layer>& layers,
                                       std::uint64_t step);

}  // namespace qmnist::cpu
