#include "host/engines/cpu/softmax_rows.h"

#include <algorithm>
#include <array>

#include "host/data/class_names.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/softmax_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

/// The same value of kLanes rows.
struct alignas(kLanes * sizeof(float)) Lanes {
  std::array<float, kLanes> values;
};

/// A vector for each class of kLanes rows.
using Columns = std::array<Vector, kMaxClasses>;
/// The same in memory, where rows are gathered and scattered.
using LanesOfClasses = std::array<Lanes, kMaxClasses>;

/// visit(lane, class, value) for all values of some rows, in the matrix's order.
template <typename Matrix, typename Visit>
HWY_INLINE void for_each_value(Matrix& matrix, std::size_t classes, Range rows,
                               const Visit& visit) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t first = 0; first < classes; first += kBlockWidth) {
      auto* const values = matrix.row(first / kBlockWidth, row);
      const std::size_t end = std::min(first + kBlockWidth, classes);
      for (std::size_t i = first; i < end; ++i) {
        visit(row - rows.begin, i, values[i - first]);
      }
    }
  }
}

void load_columns(const PackedMatrix& matrix, std::size_t classes, Range rows, Columns& columns) {
  LanesOfClasses lanes;  // what is behind the last row does not matter
  for_each_value(matrix, classes, rows, [&](std::size_t lane, std::size_t i, float value) HWY_ATTR {
    lanes[i].values[lane] = value;
  });
  for (std::size_t i = 0; i < classes; ++i) {
    columns[i] = hn::Load(kFloats, lanes[i].values.data());
  }
}

void store_columns(const Columns& columns, std::size_t classes, LanesOfClasses& lanes) {
  for (std::size_t i = 0; i < classes; ++i) {
    hn::Store(columns[i], kFloats, lanes[i].values.data());
  }
}

/// Calls work(part) for parts of up to kLanes rows.
template <typename Work>
HWY_INLINE void for_lanes(Range rows, const Work& work) {
  for (std::size_t row = rows.begin; row < rows.end; row += kLanes) {
    work(Range{row, std::min(row + kLanes, rows.end)});
  }
}

/// Of row-major values of some rows.
void load_columns(std::span<const float> values, std::size_t classes, Range rows,
                  Columns& columns) {
  LanesOfClasses lanes;  // what is behind the last row does not matter
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t i = 0; i < classes; ++i) {
      lanes[i].values[row - rows.begin] = values[row * classes + i];
    }
  }
  for (std::size_t i = 0; i < classes; ++i) {
    columns[i] = hn::Load(kFloats, lanes[i].values.data());
  }
}

/// @param columns logits of some rows
/// @return their losses
Vector loss_of_columns(const Columns& columns, std::size_t classes, Vector label,
                       const LossTerms& terms, Range rows, Columns& gradients) {
  const Vector scale = hn::Set(kFloats, terms.scale);
  const Vector smoothing = hn::Set(kFloats, terms.params.label_smoothing);
  if (terms.soft_labels.empty()) {
    return softmax_cross_entropy(columns.data(), classes, label, scale, gradients.data(),
                                 smoothing);
  }
  Columns soft_labels;
  load_columns(terms.soft_labels, classes, rows, soft_labels);
  return distillation_loss(columns.data(), classes, label, soft_labels.data(), scale,
                           gradients.data(), smoothing,
                           hn::Set(kFloats, terms.params.teacher_weight),
                           hn::Set(kFloats, terms.params.teacher_temperature));
}

void loss_rows(const PackedMatrix& logits, std::size_t classes, const DataView& data,
               std::span<const std::uint32_t> batch, const LossTerms& terms, Range rows,
               PackedMatrix& deltas, std::span<SampleLoss> losses) {
  Columns columns;
  Columns gradients;
  LanesOfClasses lanes;
  for_lanes(rows, [&](Range part) HWY_ATTR {
    load_columns(logits, classes, part, columns);
    Lanes labels{};
    for (std::size_t row = part.begin; row < part.end; ++row) {
      labels.values[row - part.begin] = data.labels[batch[row]];
    }
    const Vector label = hn::Load(kFloats, labels.values.data());
    const Vector predicted = predicted_class(columns.data(), classes);
    Lanes loss;
    Lanes correct;
    hn::Store(loss_of_columns(columns, classes, label, terms, part, gradients), kFloats,
              loss.values.data());
    hn::Store(select(predicted == label, hn::Set(kFloats, 1), hn::Zero(kFloats)), kFloats,
              correct.values.data());
    store_columns(gradients, classes, lanes);
    for_each_value(deltas, classes, part,
                   [&](std::size_t lane, std::size_t i, float& delta)
                       HWY_ATTR { delta = lanes[i].values[lane]; });
    for (std::size_t row = part.begin; row < part.end; ++row) {
      const std::size_t lane = row - part.begin;
      losses[row] = {.loss = loss.values[lane], .correct = correct.values[lane] != 0};
    }
  });
}

void softmax_rows(const PackedMatrix& logits, std::size_t classes, Range rows,
                  std::span<float> probabilities) {
  Columns columns;
  LanesOfClasses lanes;
  for_lanes(rows, [&](Range part) HWY_ATTR {
    load_columns(logits, classes, part, columns);
    softmax(columns.data(), classes, columns.data());
    store_columns(columns, classes, lanes);
    for (std::size_t row = part.begin; row < part.end; ++row) {
      for (std::size_t i = 0; i < classes; ++i) {
        probabilities[row * classes + i] = lanes[i].values[row - part.begin];
      }
    }
  });
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(loss_rows);
HWY_EXPORT(softmax_rows);

void loss_rows(const PackedMatrix& logits, std::size_t classes, const DataView& data,
               std::span<const std::uint32_t> batch, const LossTerms& terms, Range rows,
               PackedMatrix& deltas, std::span<SampleLoss> losses) {
  HWY_DYNAMIC_DISPATCH(loss_rows)(logits, classes, data, batch, terms, rows, deltas, losses);
}

void softmax_rows(const PackedMatrix& logits, std::size_t classes, Range rows,
                  std::span<float> probabilities) {
  HWY_DYNAMIC_DISPATCH(softmax_rows)(logits, classes, rows, probabilities);
}

}  // namespace qmnist::cpu
#endif
