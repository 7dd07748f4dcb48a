#pragma once

namespace qmnist {

/// What the loss of a row depends on beside its logits, label and soft labels.
template <typename Real>
struct LossParams {
  Real label_smoothing = 0;
  Real teacher_weight = 0;       ///< of the soft labels, where there are some
  Real teacher_temperature = 1;  ///< likewise
};

}  // namespace qmnist
