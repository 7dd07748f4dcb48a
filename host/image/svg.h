#pragma once

#include <string>
#include <string_view>

namespace qmnist {

/// Why a build without them writes no PNG charts, for people.
inline constexpr std::string_view kNoPngCharts =
    "this build draws none (QMNIST_REPORT_PNG=ON needs librsvg)";

/// Whether this build draws SVG documents (QMNIST_REPORT_PNG).
[[nodiscard]] bool has_svg_to_png();

/// @throws UsageError, naming what to install, in a build that does not
void require_svg_to_png();

/// Draws an SVG document, in its own width and height, and returns the bytes of a PNG file.
/// It must be well-formed and may use no more than librsvg knows.
/// @throws UsageError, std::bad_alloc where it cannot be drawn; UsageError as require_svg_to_png()
[[nodiscard]] std::string svg_to_png(std::string_view svg);

}  // namespace qmnist
