#include "host/engines/cpu/softmax_rows.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/softmax_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "host/engines/cpu/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

inline constexpr std::size_t kMaxClasses = 256;  // labels are bytes

/// The same value of kLanes rows.
struct alignas(kLanes * sizeof(float)) Lanes {
  std::array<float, kLanes> values{};
};

/// Columns of kLanes rows, a vector for each class; lanes behind the last row are zeros.
using Columns = std::array<Vector, kMaxClasses>;

void load_columns(const PackedMatrix& matrix, std::size_t classes, Range rows, Columns& columns) {
  for (std::size_t i = 0; i < classes; ++i) {
    Lanes lanes;
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      lanes.values[row - rows.begin] = matrix.at(row, i);
    }
    columns[i] = hn::Load(kFloats, lanes.values.data());
  }
}

/// set(row, class, value) for all values of some rows.
template <typename Set>
HWY_INLINE void for_each_value(const Columns& columns, std::size_t classes, Range rows,
                               const Set& set) {
  for (std::size_t i = 0; i < classes; ++i) {
    Lanes lanes;
    hn::Store(columns[i], kFloats, lanes.values.data());
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      set(row, i, lanes.values[row - rows.begin]);
    }
  }
}

/// Calls work(part) for parts of up to kLanes rows.
template <typename Work>
HWY_INLINE void for_lanes(Range rows, const Work& work) {
  for (std::size_t row = rows.begin; row < rows.end; row += kLanes) {
    work(Range{row, std::min(row + kLanes, rows.end)});
  }
}

void softmax_cross_entropy_rows(const PackedMatrix& logits, std::size_t classes,
                                const DataView& data, std::span<const std::uint32_t> batch,
                                float smoothing, Range rows, PackedMatrix& deltas,
                                std::span<SampleLoss> losses) {
  const Vector scale = hn::Set(kFloats, 1.0F / static_cast<float>(batch.size()));
  Columns columns;
  Columns gradients;
  for_lanes(rows, [&](Range part) HWY_ATTR {
    load_columns(logits, classes, part, columns);
    Lanes labels;
    for (std::size_t row = part.begin; row < part.end; ++row) {
      labels.values[row - part.begin] = data.labels[batch[row]];
    }
    const Vector label = hn::Load(kFloats, labels.values.data());
    const Vector predicted = predicted_class(columns.data(), classes);
    Lanes loss;
    Lanes correct;
    hn::Store(softmax_cross_entropy(columns.data(), classes, label, scale, gradients.data(),
                                    hn::Set(kFloats, smoothing)),
              kFloats, loss.values.data());
    hn::Store(select(predicted == label, hn::Set(kFloats, 1), hn::Zero(kFloats)), kFloats,
              correct.values.data());
    for_each_value(gradients, classes, part,
                   [&](std::size_t row, std::size_t i, float value) { deltas.at(row, i) = value; });
    for (std::size_t row = part.begin; row < part.end; ++row) {
      const std::size_t lane = row - part.begin;
      losses[row] = {.loss = loss.values[lane], .correct = correct.values[lane] != 0};
    }
  });
}

void softmax_rows(const PackedMatrix& logits, std::size_t classes, Range rows,
                  std::span<float> probabilities) {
  Columns columns;
  for_lanes(rows, [&](Range part) HWY_ATTR {
    load_columns(logits, classes, part, columns);
    softmax(columns.data(), classes, columns.data());
    for_each_value(columns, classes, part, [&](std::size_t row, std::size_t i, float value) {
      probabilities[row * classes + i] = value;
    });
  });
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(softmax_cross_entropy_rows);
HWY_EXPORT(softmax_rows);

void softmax_cross_entropy_rows(const PackedMatrix& logits, std::size_t classes,
                                const DataView& data, std::span<const std::uint32_t> batch,
                                float smoothing, Range rows, PackedMatrix& deltas,
                                std::span<SampleLoss> losses) {
  HWY_DYNAMIC_DISPATCH(softmax_cross_entropy_rows)
  (logits, classes, data, batch, smoothing, rows, deltas, losses);
}

void softmax_rows(const PackedMatrix& logits, std::size_t classes, Range rows,
                  std::span<float> probabilities) {
  HWY_DYNAMIC_DISPATCH(softmax_rows)(logits, classes, rows, probabilities);
}

}  // namespace qmnist::cpu
#endif
