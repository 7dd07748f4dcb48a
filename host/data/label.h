#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/data/dataset.h"

namespace qmnist {

/// A label as a Dataset holds it; the labels of every reader go through here.
/// @param fail called with what is wrong and what would be right; adds file and place, and throws
template <typename Integer, typename Fail>
[[nodiscard]] std::uint8_t checked_label(std::size_t image, Integer label, const Fail& fail) {
  if (std::cmp_less(label, 0) || !std::cmp_less(label, kClasses)) {
    fail(fmt::format("the label of image {} is {}; expected a digit from 0 to {}", image, label,
                     kClasses - 1));
  }
  return static_cast<std::uint8_t>(label);
}

}  // namespace qmnist
