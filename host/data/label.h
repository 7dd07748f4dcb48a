#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/data/dataset.h"

namespace qmnist {

/// A label as a Dataset holds it; the labels of every reader go through here.
/// @param classes that the set has; kMaxClasses where its labels tell
/// @param fail called with what is wrong and what would be right; adds file and place, and throws
template <typename Integer, typename Fail>
[[nodiscard]] std::uint8_t checked_label(std::size_t image, Integer label, std::size_t classes,
                                         const Fail& fail) {
  if (std::cmp_less(label, 0) || !std::cmp_less(label, classes)) {
    fail(fmt::format("the label of image {} is {}; expected 0 to {}", image, label, classes - 1));
  }
  return static_cast<std::uint8_t>(label);
}

}  // namespace qmnist
