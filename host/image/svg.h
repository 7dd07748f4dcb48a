#pragma once

#include <string>
#include <string_view>

namespace qmnist {

/// Draws an SVG document, in its own width and height, and returns the bytes of a PNG file.
/// It must be well-formed and may use no more than librsvg knows.
/// @throws UsageError, std::bad_alloc where it cannot be drawn
[[nodiscard]] std::string svg_to_png(std::string_view svg);

}  // namespace qmnist
