#pragma once

#include <optional>
#include <vector>

#include "host/image/image.h"

namespace qmnist {

/// How far each pixel of an image differs from the background.
struct ForegroundMap {
  Plane strength;       ///< 0 at the background's level, positive for ink, be it dark or bright
  float threshold = 0;  ///< between the background's strengths and the ink's
  float noise = 0;  ///< standard deviation of the background, the soft edges of strokes left out
  float ink = 0;    ///< mean strength of the ink

  /// Contrast-to-noise ratio of the ink; the noise counts as at least one level.
  [[nodiscard]] float contrast() const { return ink / (noise + 1); }
};

/// Subtracts the background, which may be lit unevenly, and segments the ink.
///
/// The background is a quadratic surface, fitted by least squares to the pixels on one side of
/// Otsu's threshold, the side that has more of the image's border; fit and threshold alternate
/// until they settle. Leptonica's background estimates assume a gradient that is weak against the
/// ink: with its closing in place of this, 15 % instead of 98.5 % of photographs with a gradient of
/// 160 levels are classified correctly, and 76 % instead of 98.7 % of those with wide margins.
/// @return nothing where all is background.
[[nodiscard]] std::optional<ForegroundMap> subtract_background(const Plane& levels);

/// The threshold that separates values into two classes with the greatest variance between them
/// (Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979).
/// @param values  not all equal
[[nodiscard]] float otsu_threshold(const std::vector<float>& values);

}  // namespace qmnist
