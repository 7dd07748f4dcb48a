#pragma once

#include <algorithm>

#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/nonzero_bits.h"
#include "host/engines/cpu/packed_matrix.h"

namespace qmnist::cpu {

/// Rows of a tile of the products. A batch's matrices have a multiple of them, so no tile is cut;
/// values in the rows after the batch do not matter.
inline constexpr std::size_t kTileRows = 8;

[[nodiscard]] constexpr std::size_t tiles_for(std::size_t rows) {
  return (rows + kTileRows - 1) / kTileRows;
}

/// The rows of some tiles of a batch of `rows`.
[[nodiscard]] constexpr Range rows_of(Range tiles, std::size_t rows) {
  return {tiles.begin * kTileRows, std::min(tiles.end * kTileRows, rows)};
}

// Where `nonzero` is given, a product leaves out the zeros of its left operand. Both operands then
// have wide panels; else the right one has narrow panels.

/// Z = X * weight + bias for some tiles of kTileRows rows; cut off below 0 where `applies_relu`.
///
/// @param inputs X [rows, inputs]; weight [inputs, outputs]; bias [1, outputs]
/// @param nonzero of X, of_rows(); or nullptr
/// @param outputs Z [rows, outputs]
void dense_forward(const PackedMatrix& inputs, const NonzeroBits* nonzero,
                   const PackedMatrix& weight, const PackedMatrix& bias, bool applies_relu,
                   Range tiles, PackedMatrix& outputs);

/// d loss / d z of the layer before, deltas * weight^T times the derivatives of its units, for some
/// tiles of kTileRows rows.
///
/// @param deltas [rows, outputs]; weight_transposed [outputs, inputs]
/// @param nonzero of the deltas, of_rows(), which may also have bits of zeros; or nullptr
/// @param relu_activations [rows, inputs]: the derivatives are 1 where they are above 0, else 0;
/// nullptr
///   if the derivatives are in input_deltas
/// @param input_deltas [rows, inputs]
void dense_backward(const PackedMatrix& deltas, const NonzeroBits* nonzero,
                    const PackedMatrix& weight_transposed, const PackedMatrix* relu_activations,
                    Range tiles, PackedMatrix& input_deltas);

/// Gradient of the weights, X^T * deltas over some rows, and the update by it, for the inputs of
/// some blocks of X.
///
/// @param nonzero of X, of_columns(); or nullptr
/// @param weight [inputs, outputs]
/// @param weight_transposed [outputs, inputs], kept equal to weight
void dense_update(const PackedMatrix& inputs, const NonzeroBits* nonzero,
                  const PackedMatrix& deltas, Range rows, Range input_blocks, const Update& update,
                  Parameters& weight, PackedMatrix& weight_transposed);

/// The update of some rows and blocks by gradients that are known already, times `scale`.
/// @param gradients of the shape of `parameters`
void apply_gradients(const PackedMatrix& gradients, float scale, Range rows, Range blocks,
                     const Update& update, Parameters& parameters);

/// Makes weight_transposed equal to the weights of some blocks of inputs again.
void transpose(const PackedMatrix& weight, Range input_blocks, PackedMatrix& weight_transposed);

/// Gradient of the biases, the sum of some rows of deltas, and the update by it.
void bias_update(const PackedMatrix& deltas, Range rows, Range blocks, const Update& update,
                 Parameters& bias);

}  // namespace qmnist::cpu
