#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/data/dataset.h"
#include "host/engines/cpu/packed_matrix.h"
#include "host/engines/cpu/workspace.h"

namespace qmnist::cpu {

/// softmax_cross_entropy() of some rows of the batch data[batch[...]], and whether their prediction
/// is correct.
///
/// @param scale 1 / rows of the batch over which the mean is
/// @param logits [rows, classes]
/// @param deltas [rows, classes]: d mean loss / d logits
/// @param losses [rows]
void softmax_cross_entropy_rows(const PackedMatrix& logits, std::size_t classes,
                                const DataView& data, std::span<const std::uint32_t> batch,
                                float scale, float smoothing, Range rows, PackedMatrix& deltas,
                                std::span<SampleLoss> losses);

/// softmax() of some rows.
///
/// @param logits [rows, classes]
/// @param probabilities [rows, classes] row-major
void softmax_rows(const PackedMatrix& logits, std::size_t classes, Range rows,
                  std::span<float> probabilities);

}  // namespace qmnist::cpu
