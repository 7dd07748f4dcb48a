#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "host/format/answer.h"

namespace qmnist {

/// Most pictures that a contact sheet shows.
inline constexpr std::size_t kMaxOnSheet = 400;

/// Draws what the network saw, side by side and enlarged, with digit, confidence and name under
/// each; as an SVG document.
/// @param answers   at least one and at most kMaxOnSheet
/// @param left_out  pictures that a line at the foot says are not shown
[[nodiscard]] std::string contact_sheet(std::span<const Answer> answers, std::size_t left_out);

}  // namespace qmnist
