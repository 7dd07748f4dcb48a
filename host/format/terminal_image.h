#pragma once

#include <string>

#include "host/format/classification.h"

namespace qmnist {

/// Capabilities of a terminal.
struct TextStyle {
  bool is_unicode = false;
  bool has_colour = false;
};

/// The network's input next to a bar chart of the class probabilities: 14 lines of text. Each
/// character shows two pixels, one above the other, as it is about twice as high as it is wide. Of
/// more classes than lines, the ten most probable.
[[nodiscard]] std::string image_with_bars(const Classification& classification,
                                          std::span<const std::string> classes, TextStyle style);

}  // namespace qmnist
