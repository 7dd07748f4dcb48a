#pragma once

#include <optional>
#include <vector>

#include "host/image/image.h"

namespace qmnist {

/// The difference of each pixel of an image from the background.
struct ForegroundMap {
  Plane strength;       ///< 0 for the background, positive for ink, dark or bright
  float threshold = 0;  ///< between background and ink
  float noise = 0;      ///< robust standard deviation of the background
  float ink = 0;        ///< mean strength of the ink

  /// Contrast-to-noise ratio of the ink; one level is added to the noise.
  [[nodiscard]] float contrast() const { return ink / (noise + 1); }
};

/// Subtracts the background, which may be lit unevenly, and segments the ink.
///
/// The background is a quadratic surface, fitted by least squares to the pixels on one side of
/// Otsu's threshold: the side with the larger part of the image's border. Fit and threshold
/// alternate until they converge. Leptonica's background estimates assume a gradient that is weak
/// compared to the ink: with its closing instead, 15 % instead of 98.5 % of photographs with a
/// gradient of 160 levels are classified correctly, and 76 % instead of 98.7 % of those with wide
/// margins.
/// @return nothing if there is only background
[[nodiscard]] std::optional<ForegroundMap> subtract_background(const Plane& levels);

/// The threshold that maximizes the variance between two classes of values (Otsu, A Threshold
/// Selection Method from Gray-Level Histograms, 1979).
/// @param values not all equal
[[nodiscard]] float otsu_threshold(const std::vector<float>& values);

}  // namespace qmnist
