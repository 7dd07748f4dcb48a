#include "host/engines/augmentation.h"

#include <cmath>
#include <numbers>

namespace qmnist {
namespace {

constexpr double kCentre = (kDistortSide - 1) / 2.0;

std::int32_t fixed(double pixels) {
  return static_cast<std::int32_t>(std::lround(pixels * 0x1p16));
}

/// In (-1, 1).
double uniform(std::uint32_t word) {
  return (static_cast<double>(word) + 0.5) * 0x1p-31 - 1;
}

double gaussian(double distance, double sigma) {
  return std::exp(-distance * distance / (2 * sigma * sigma));
}

/// Distance of a pixel from a column or row of the noise.
double distance(int pixel, int noise) {
  return pixel - (noise * kNoiseStep - kNoiseMargin);
}

}  // namespace

Distortion draw_distortion(const AugmentationSettings& settings, const RowRandom& random) {
  const RandomWords first = random.words(StepRandom::kAffine, 0);
  const RandomWords second = random.words(StepRandom::kAffine, 1);
  const double angle = settings.rotation * uniform(first.words[0]) * std::numbers::pi / 180;
  const double width = 1 + settings.scale * uniform(first.words[1]);
  const double height = 1 + settings.scale * uniform(first.words[2]);
  const double shear = settings.shear * uniform(first.words[3]);
  const double shift_x = settings.shift * uniform(second.words[0]);
  const double shift_y = settings.shift * uniform(second.words[1]);

  // M^-1 = diag(1 / scales) [1 -shear; 0 1] R(-angle)
  const double xx = (std::cos(angle) + shear * std::sin(angle)) / width;
  const double xy = (std::sin(angle) - shear * std::cos(angle)) / width;
  const double yx = -std::sin(angle) / height;
  const double yy = std::cos(angle) / height;
  const double from_x = -kCentre - shift_x;  // pixel (0, 0) from the centre
  const double from_y = -kCentre - shift_y;
  return {.origin = {fixed(kCentre + xx * from_x + xy * from_y),
                     fixed(kCentre + yx * from_x + yy * from_y)},
          .across = {fixed(xx), fixed(yx)},
          .down = {fixed(xy), fixed(yy)},
          .random = random};
}

ElasticWeights elastic_weights(const AugmentationSettings& settings) {
  // The field is sum_ij g_i(x) g_j(y) u_ij with noise u of -255 .. 255 of variance (256^2 - 1) / 3,
  // so its variance is that times (sum_i g_i^2)^2, with sums taken at the centre.
  double squares = 0;
  for (int i = 0; i < kNoiseSide; ++i) {
    squares += std::pow(gaussian(distance(kDistortSide / 2, i), settings.elastic_sigma), 2);
  }
  const double deviation = std::sqrt((256.0 * 256 - 1) / 3) * squares;
  // 65,536 to the pixel; 256 are lost again with the shift in each of two sums.
  const double across = 4096;
  const double down = settings.elastic / deviation * 0x1p16 * 256 * 256 / across;
  ElasticWeights weights{};
  for (int pixel = 0; pixel < kDistortSide; ++pixel) {
    for (int i = 0; i < kNoiseSide; ++i) {
      const double weight = gaussian(distance(pixel, i), settings.elastic_sigma);
      weights.across[pixel][i] = static_cast<std::int16_t>(std::lround(weight * across));
      weights.down[pixel][i] = static_cast<std::int16_t>(std::lround(weight * down));
    }
  }
  return weights;
}

Augmentation::Augmentation(const AugmentationSettings& settings, std::uint32_t seed)
    : settings_(settings), seed_(seed) {
  if (settings.elastic > 0) {
    elastic_ = elastic_weights(settings);
  }
}

}  // namespace qmnist
