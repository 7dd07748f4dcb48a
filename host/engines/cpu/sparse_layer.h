#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/engines/cpu/layers.h"
#include "host/engines/cpu/packed_matrix.h"
#include "host/engines/cpu/sparse_batch.h"

namespace qmnist::cpu {

/// Z[row] = bias + sum over the row's nonzero pixels of value * weight[pixel], for the first `rows`
/// images and the columns of some blocks; cut off below 0 where `applies_relu`.
///
/// @param weight [inputs, outputs]; bias [1, outputs]; outputs [at least rows, outputs]
void sparse_forward(const SparseBatch& batch, std::size_t rows, const PackedMatrix& weight,
                    const PackedMatrix& bias, bool applies_relu, Range blocks,
                    PackedMatrix& outputs);

/// Gradient of the weights, sum over some rows of the batch of a pixel's value * deltas[row], and
/// the update by it, for the columns of some blocks.
///
/// @param was_nonzero [inputs]; the others are passed over: pixels that were never nonzero have
/// zero
///   gradients and moments, with which the optimizer leaves their weights as they are but for decay
void sparse_update(const SparseBatch& batch, const PackedMatrix& deltas, Range rows,
                   std::span<const std::uint8_t> was_nonzero, Range blocks, const Update& update,
                   Parameters& weight);

}  // namespace qmnist::cpu
