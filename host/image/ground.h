#pragma once

#include <optional>
#include <vector>

#include "host/image/image.h"

namespace qmnist {

/// A picture without its ground: how far each pixel stands out.
struct StandingOut {
  Plane strength;       ///< 0 at the ground's level; ink is positive, be it dark or bright
  float threshold = 0;  ///< between the ground's strengths and the ink's
  float noise =
      0;          ///< standard deviation of the ground's strengths, soft edges of strokes left out
  float ink = 0;  ///< mean of the ink's strengths

  /// How many times the ground's noise the ink stands out; at least a level of noise is in any.
  [[nodiscard]] float contrast() const { return ink / (noise + 1); }
};

/// Tells ink from the ground on which it stands, which may be lit unevenly.
///
/// The ground's level is fitted as a surface of second order to the pixels on one side of Otsu's
/// threshold, the side that has more of the picture's border, and both in turns.
/// @return nothing where all is ground.
[[nodiscard]] std::optional<StandingOut> subtract_ground(const Plane& levels);

/// The threshold that parts values best into two classes, by the variance between their means
/// (Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979).
/// @param values  not all equal
[[nodiscard]] float otsu_threshold(const std::vector<float>& values);

}  // namespace qmnist
