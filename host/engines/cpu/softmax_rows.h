#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/data/dataset.h"
#include "host/engines/cpu/packed_matrix.h"
#include "host/engines/cpu/workspace.h"
#include "kernels/loss_params.h"

namespace qmnist::cpu {

/// What the loss of a batch depends on beside its logits and labels.
struct LossTerms {
  float scale;  ///< 1 / rows of the batch over which the mean is
  LossParams<float> params;
  std::span<const float> soft_labels = {};  ///< [rows, classes] row-major; none without a teacher
};

/// softmax_cross_entropy() of some rows of the batch data[batch[...]], or distillation_loss() where
/// there are soft labels, and whether their prediction is correct.
///
/// @param logits [rows, classes]
/// @param deltas [rows, classes]: d mean loss / d logits
/// @param losses [rows]
void loss_rows(const PackedMatrix& logits, std::size_t classes, const DataView& data,
               std::span<const std::uint32_t> batch, const LossTerms& terms, Range rows,
               PackedMatrix& deltas, std::span<SampleLoss> losses);

/// softmax() of some rows.
///
/// @param logits [rows, classes]
/// @param probabilities [rows, classes] row-major
void softmax_rows(const PackedMatrix& logits, std::size_t classes, Range rows,
                  std::span<float> probabilities);

}  // namespace qmnist::cpu
