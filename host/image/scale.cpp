#include "host/image/scale.h"

#include <algorithm>
#include <cmath>

namespace qmnist {
namespace {

/// The weights of the levels from `begin` that are summed into a level of the scaled line.
struct Window {
  std::size_t begin;
  std::vector<float> weights;
};

std::vector<Window> windows(std::size_t size, std::size_t new_size) {
  const double scale = static_cast<double>(size) / static_cast<double>(new_size);
  const double reach = std::max(scale, 1.0);
  std::vector<Window> result;
  for (std::size_t i = 0; i < new_size; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto begin = static_cast<std::size_t>(std::lround(std::max(centre - reach, 0.0)));
    const auto end = std::min(static_cast<std::size_t>(std::lround(centre + reach)), size);
    Window window{.begin = begin, .weights = {}};
    double sum = 0;
    for (std::size_t k = begin; k < end; ++k) {
      const double distance = std::abs(static_cast<double>(k) + 0.5 - centre) / reach;
      window.weights.push_back(static_cast<float>(std::max(1 - distance, 0.0)));
      sum += static_cast<double>(window.weights.back());
    }
    for (float& weight : window.weights) {
      weight /= static_cast<float>(sum);
    }
    result.push_back(std::move(window));
  }
  return result;
}

/// Scales rows first, so that a large image is read once and sequentially.
template <typename Level>
Plane scale_levels(const std::vector<Level>& levels, std::size_t old_width, std::size_t old_height,
                   std::size_t width, std::size_t height) {
  const std::vector<Window> across = windows(old_width, width);
  Plane narrow{.width = width, .height = old_height, .levels = {}};
  narrow.levels.reserve(width * old_height);
  for (std::size_t y = 0; y < old_height; ++y) {
    const Level* row = levels.data() + y * old_width;
    for (const Window& window : across) {
      float sum = 0;
      for (std::size_t k = 0; k < window.weights.size(); ++k) {
        sum += window.weights[k] * static_cast<float>(row[window.begin + k]);
      }
      narrow.levels.push_back(sum);
    }
  }
  Plane result{.width = width, .height = height, .levels = std::vector<float>(width * height)};
  float* to = result.levels.data();
  for (const Window& window : windows(old_height, height)) {
    for (std::size_t k = 0; k < window.weights.size(); ++k) {
      const float* row = narrow.levels.data() + (window.begin + k) * width;
      for (std::size_t x = 0; x < width; ++x) {
        to[x] += window.weights[k] * row[x];
      }
    }
    to += width;
  }
  return result;
}

}  // namespace

Plane scaled(const Plane& plane, std::size_t width, std::size_t height) {
  return scale_levels(plane.levels, plane.width, plane.height, width, height);
}

Plane scaled(const GreyImage& image, std::size_t width, std::size_t height) {
  return scale_levels(image.pixels, image.width, image.height, width, height);
}

}  // namespace qmnist
