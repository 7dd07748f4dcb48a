#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/data/class_names.h"

namespace qmnist {

/// The labels that a file may have: the classes are numbered from `first` on.
struct LabelRange {
  std::size_t first = 0;
  std::size_t count = kMaxClasses;  ///< of classes; kMaxClasses where the labels tell
};

/// A label as a Dataset holds it, counted from 0; the labels of every reader go through here.
/// @param fail called with what is wrong and what would be right; adds file and place, and throws
template <typename Integer, typename Fail>
[[nodiscard]] std::uint8_t checked_label(std::size_t image, Integer label, const LabelRange& range,
                                         const Fail& fail) {
  const std::size_t last = range.first + range.count - 1;
  if (std::cmp_less(label, range.first) || std::cmp_greater(label, last)) {
    fail(fmt::format("the label of image {} is {}; expected {} to {}", image, label, range.first,
                     last));
  }
  return static_cast<std::uint8_t>(static_cast<std::size_t>(label) - range.first);
}

}  // namespace qmnist
