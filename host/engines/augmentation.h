#pragma once

#include <cstdint>
#include <optional>

#include "host/settings/augmentation_settings.h"
#include "kernels/distort.h"

namespace qmnist {

/// Draws the affine map of one image. The image is scaled, sheared, rotated and shifted about its
/// centre c, so with M = R(rotation) [1 shear; 0 1] diag(scales):
///
///     source(p) = c + M^-1 (p - c - shift)
[[nodiscard]] Distortion draw_distortion(const AugmentationSettings& settings,
                                         const RowRandom& random);

/// The weights of an elastic field of that strength and width.
[[nodiscard]] ElasticWeights elastic_weights(const AugmentationSettings& settings);

/// The distortions of a run, which follow from its seed, the step and the image's place in the
/// batch. For images of 28 x 28.
class Augmentation {
 public:
  Augmentation(const AugmentationSettings& settings, std::uint32_t seed);

  /// Whether images are changed at all.
  [[nodiscard]] bool active() const { return settings_.any(); }
  /// @param step steps done before
  [[nodiscard]] Distortion distortion(std::uint64_t step, std::size_t row) const {
    return draw_distortion(settings_, {step, static_cast<std::uint32_t>(row), seed_});
  }
  /// nullptr where there is no elastic field.
  [[nodiscard]] const ElasticWeights* elastic() const { return elastic_ ? &*elastic_ : nullptr; }

 private:
  AugmentationSettings settings_;
  std::uint32_t seed_;
  std::optional<ElasticWeights> elastic_;
};

}  // namespace qmnist
