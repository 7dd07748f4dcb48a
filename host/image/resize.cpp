#include "host/image/resize.h"

#include <algorithm>
#include <cmath>

namespace qmnist {
namespace {

constexpr int kOne = 1 << 11;  // a weight of 1

/// The two pixels of a line that are blended into a pixel of the resized line, and their weights.
struct Tap {
  std::size_t first;
  std::size_t second;
  int first_weight;
  int second_weight;
};

enum class Direction { kAcross, kDown };

/// OpenCV clamps weights at the left and right edges but row indices at the upper and lower ones,
/// which rounds differently. Rounds half to even, as cvRound.
std::vector<Tap> taps(std::size_t size, std::size_t new_size, Direction direction) {
  const double scale = 1 / (static_cast<double>(new_size) / static_cast<double>(size));
  const auto last = static_cast<std::ptrdiff_t>(size) - 1;
  std::vector<Tap> result;
  for (std::size_t i = 0; i < new_size; ++i) {
    const auto centre = static_cast<float>((static_cast<double>(i) + 0.5) * scale - 0.5);
    auto first = static_cast<std::ptrdiff_t>(std::floor(centre));
    float fraction = centre - static_cast<float>(first);
    if (direction == Direction::kAcross && (first < 0 || first >= last)) {
      first = std::clamp<std::ptrdiff_t>(first, 0, last);
      fraction = 0;
    }
    const auto weight = [](float share) {
      return static_cast<int>(std::nearbyint(share * static_cast<float>(kOne)));
    };
    result.push_back(
        {.first = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(first, 0, last)),
         .second = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(first + 1, 0, last)),
         .first_weight = weight(1 - fraction),
         .second_weight = weight(fraction)});
  }
  return result;
}

/// Means of 2 x 2 pixels, which OpenCV uses if both sides are halved.
GreyImage halved(const GreyImage& image) {
  GreyImage result{.width = image.width / 2, .height = image.height / 2, .pixels = {}};
  for (std::size_t y = 0; y < result.height; ++y) {
    for (std::size_t x = 0; x < result.width; ++x) {
      const auto above =
          image.pixels.begin() + static_cast<std::ptrdiff_t>(2 * y * image.width + 2 * x);
      const auto below = above + static_cast<std::ptrdiff_t>(image.width);
      result.pixels.push_back(
          static_cast<std::uint8_t>((above[0] + above[1] + below[0] + below[1] + 2) / 4));
    }
  }
  return result;
}

}  // namespace

GreyImage resize_bilinear(const GreyImage& image, std::size_t width, std::size_t height) {
  if (image.width == width && image.height == height) {
    return image;
  }
  if (image.width == 2 * width && image.height == 2 * height) {
    return halved(image);
  }
  const std::vector<Tap> across = taps(image.width, width, Direction::kAcross);
  GreyImage result{.width = width, .height = height, .pixels = {}};
  result.pixels.reserve(width * height);
  for (const Tap& down : taps(image.height, height, Direction::kDown)) {
    const auto blend = [&](std::size_t row, const Tap& tap) {
      const std::uint8_t* pixels = image.pixels.data() + row * image.width;
      return pixels[tap.first] * tap.first_weight + pixels[tap.second] * tap.second_weight;
    };
    for (const Tap& tap : across) {
      const int above = (down.first_weight * (blend(down.first, tap) >> 4)) >> 16;
      const int below = (down.second_weight * (blend(down.second, tap) >> 4)) >> 16;
      result.pixels.push_back(static_cast<std::uint8_t>((above + below + 2) >> 2));
    }
  }
  return result;
}

}  // namespace qmnist
