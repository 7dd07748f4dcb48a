#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"
#include "kernels/network_set.h"
#include "kernels/normalize.h"
#include "kernels/philox.h"

namespace qmnist {

// Everything here is integers, so that a distorted image has the same bytes on every device.
// NOLINTBEGIN(modernize-avoid-c-arrays): std::array cannot be used on a device

/// Width and height of the images that can be distorted.
inline constexpr int kDistortSide = 28;

/// The noise of an elastic field lies on every fourth pixel, from eight pixels before the image to
/// eight behind it.
inline constexpr int kNoiseStep = 4;
inline constexpr int kNoiseMargin = 8;
inline constexpr int kNoiseSide = (kDistortSide + 2 * kNoiseMargin) / kNoiseStep + 1;

/// A position in an image, 65,536 to the pixel.
struct FixedPoint {
  std::int32_t x;
  std::int32_t y;
};

/// Where the pixels of a distorted image come from.
struct Distortion {
  FixedPoint origin;  ///< of pixel (0, 0)
  FixedPoint across;  ///< added with each column
  FixedPoint down;    ///< added with each row
  RowRandom random;   ///< of the elastic field's noise
};

/// How noise becomes an elastic field: Gaussian weights of the noise's columns for the image's, and
/// of its rows for the image's, the latter times the field's strength.
struct ElasticWeights {
  std::int16_t across[kDistortSide][kNoiseSide];  ///< 4096 for 1
  std::int16_t down[kDistortSide][kNoiseSide];
};

/// Sixteen values of the noise come from one call of the generator.
inline constexpr int kNoiseDraws = 2 * kNoiseSide * kNoiseSide / 16;
static_assert(kNoiseDraws * 16 == 2 * kNoiseSide * kNoiseSide);

/// Parameters of an image's elastic field.
struct ElasticField {
  /// -255, -253, ..., 255, all equally likely; [x and y, kNoiseSide, kNoiseSide]
  std::int16_t noise[2 * kNoiseSide * kNoiseSide];
  std::int16_t smoothed[2 * kNoiseSide * kDistortSide];  ///< along the rows
};

/// Noise values 16 * draw and following.
QMNIST_HOST_DEVICE inline void draw_noise(const RowRandom& random, int draw, ElasticField& field) {
  const RandomWords drawn = random.words(StepRandom::kElastic, static_cast<std::uint32_t>(draw));
  for (int i = 0; i < 16; ++i) {
    const std::uint32_t byte = drawn.words[i / 4] >> (i % 4 * 8) & 255U;
    field.noise[draw * 16 + i] = static_cast<std::int16_t>(2 * static_cast<int>(byte) - 255);
  }
}

/// sum over i of weights[i] * values[i * stride] / 256
QMNIST_HOST_DEVICE inline std::int32_t weighted_sum(const std::int16_t* weights,
                                                    const std::int16_t* values, int stride) {
  std::int32_t sum = 0;
  for (int i = 0; i < kNoiseSide; ++i) {
    const int place = i * stride;
    sum += weights[i] * values[place];
  }
  return sum >> 8;
}

/// Value i of the noise smoothed along the rows.
QMNIST_HOST_DEVICE inline void smooth_noise(const ElasticWeights& weights, int i,
                                            ElasticField& field) {
  const int first = i / kDistortSide * kNoiseSide;
  const std::int16_t* row = field.noise + first;
  field.smoothed[i] =
      static_cast<std::int16_t>(weighted_sum(weights.across[i % kDistortSide], row, 1));
}

/// How far the field moves the place that pixel (x, y) comes from.
QMNIST_HOST_DEVICE inline FixedPoint displacement(const ElasticWeights& weights,
                                                  const ElasticField& field, int x, int y) {
  constexpr int kOfX = kNoiseSide * kDistortSide;
  const std::int16_t* of_y = field.smoothed + kOfX;
  return {weighted_sum(weights.down[y], field.smoothed + x, kDistortSide),
          weighted_sum(weights.down[y], of_y + x, kDistortSide)};
}

/// The grey level of the image at a position: bilinear, to 1/256 of a pixel; zeros around it.
QMNIST_HOST_DEVICE inline std::uint8_t sample(const std::uint8_t* image, FixedPoint at) {
  const int column = at.x >> 16;
  const int row = at.y >> 16;
  const int right = at.x >> 8 & 255;
  const int below = at.y >> 8 & 255;
  const auto pixel = [=](int x, int y) {
    const bool inside = x >= 0 && x < kDistortSide && y >= 0 && y < kDistortSide;
    return inside ? static_cast<int>(image[y * kDistortSide + x]) : 0;
  };
  const int upper = pixel(column, row) * (256 - right) + pixel(column + 1, row) * right;
  const int lower = pixel(column, row + 1) * (256 - right) + pixel(column + 1, row + 1) * right;
  return static_cast<std::uint8_t>((upper * (256 - below) + lower * below + (1 << 15)) >> 16);
}

/// Pixel i of the distorted image.
QMNIST_HOST_DEVICE inline std::uint8_t distorted_pixel(const std::uint8_t* image,
                                                       const Distortion& distortion,
                                                       const ElasticWeights* weights,
                                                       const ElasticField& field, int i) {
  const int x = i % kDistortSide;
  const int y = i / kDistortSide;
  FixedPoint at{distortion.origin.x + x * distortion.across.x + y * distortion.down.x,
                distortion.origin.y + x * distortion.across.y + y * distortion.down.y};
  if (weights != nullptr) {
    const FixedPoint moved = displacement(*weights, field, x, y);
    at = {at.x + moved.x, at.y + moved.y};
  }
  return sample(image, at);
}

/// An affine map of an image and, where there are `weights`, an elastic field on top of it:
///
///     distorted(x, y) = image(origin + x across + y down + displacement(x, y))
///
/// Simard, Steinkraus and Platt 2003 ("Best practices for convolutional neural networks applied to
/// visual document analysis") make the field of uniform noise on every pixel, convolved with a
/// Gaussian. Noise on every fourth pixel gives the same kind of field, as a Gaussian of that width
/// or more hides the lattice, for a sixteenth of the work.
///
/// @param image, distorted [28, 28]
inline void distort(const std::uint8_t* image, const Distortion& distortion,
                    const ElasticWeights* weights, std::uint8_t* distorted) {
  ElasticField field{};
  if (weights != nullptr) {
    for (int draw = 0; draw < kNoiseDraws; ++draw) {
      draw_noise(distortion.random, draw, field);
    }
    for (int i = 0; i < 2 * kNoiseSide * kDistortSide; ++i) {
      smooth_noise(*weights, i, field);
    }
  }
  for (int i = 0; i < kDistortSide * kDistortSide; ++i) {
    distorted[i] = distorted_pixel(image, distortion, weights, field, i);
  }
}

#ifdef QMNIST_KERNELS

/// One block per image; its elastic field is in shared memory.
static __global__ void distort_kernel(const std::uint8_t* pixels, const Distortion* distortions,
                                      const ElasticWeights* weights, float* inputs,
                                      const __grid_constant__ NetworkSet networks) {
  constexpr int kPixels = kDistortSide * kDistortSide;
  __shared__ ElasticField field;
  const OfNetwork of(networks);
  pixels = of(pixels);
  weights = of(weights);
  inputs = of(inputs);
  const int first = static_cast<int>(threadIdx.x);
  const int step = static_cast<int>(blockDim.x);
  const std::size_t offset = std::size_t{blockIdx.x} * kPixels;
  const Distortion distortion = of(distortions)[blockIdx.x];
  if (weights != nullptr) {
    for (int draw = first; draw < kNoiseDraws; draw += step) {
      draw_noise(distortion.random, draw, field);
    }
    __syncthreads();  // all of the noise must be there
    for (int i = first; i < 2 * kNoiseSide * kDistortSide; i += step) {
      smooth_noise(*weights, i, field);
    }
    __syncthreads();  // and all that was smoothed
  }
  for (int i = first; i < kPixels; i += step) {
    inputs[offset + static_cast<std::size_t>(i)] =
        normalize<float>(distorted_pixel(pixels + offset, distortion, weights, field, i));
  }
}

/// Distorts and normalizes a chunk of images: normalize() of distort().
///
/// @param pixels [images, 28, 28]
/// @param distortions [images]
/// @param weights one, or nullptr for no elastic field
/// @param inputs [images, 28, 28]
[[nodiscard]] inline cudaError_t launch_distort(cudaStream_t stream, const std::uint8_t* pixels,
                                                const Distortion* distortions,
                                                const ElasticWeights* weights, float* inputs,
                                                std::size_t images,
                                                const NetworkSet& networks = {}) {
  const dim3 blocks(blocks_for(images, 1), 1, networks.count);
  return launch(distort_kernel, blocks, kThreadsPerBlock, stream, pixels, distortions, weights,
                inputs, networks);
}

#endif

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace qmnist
