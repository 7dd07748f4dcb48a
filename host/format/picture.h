#pragma once

#include <string>

#include "host/format/answer.h"

namespace qmnist {

/// What a terminal can show.
struct TextStyle {
  bool is_unicode = false;
  bool has_colour = false;
};

/// What the network saw, and beside it each digit's probability as a bar: 14 lines of text, as a
/// character is about twice as high as it is wide and shows two pixels.
[[nodiscard]] std::string picture_and_bars(const Answer& answer, TextStyle style);

}  // namespace qmnist
