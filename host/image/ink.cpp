#include "host/image/ink.h"

#include <algorithm>

#include "host/image/background.h"
#include "host/image/scale.h"

namespace qmnist {
namespace {

using Mask = std::vector<bool>;

/// Downscales a large image, which also averages out noise.
Plane at_working_size(const GreyImage& image) {
  constexpr std::size_t kMaxSide = 256;
  const std::size_t longest = std::max({image.width, image.height, kMaxSide});
  const auto shrunk = [&](std::size_t side) {
    return std::max<std::size_t>((side * kMaxSide + longest / 2) / longest, 1);
  };
  return scaled(image, shrunk(image.width), shrunk(image.height));
}

/// An 8-connected component of ink.
struct Component {
  std::vector<std::size_t> pixels;
  std::size_t strong = 0;  ///< number of pixels above the upper threshold
};

/// Connected components of the pixels above `weak`; pixels are indices into the image.
std::vector<Component> connected_components(const Plane& plane, float weak, float strong) {
  Mask left(plane.levels.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = plane.levels[i] > weak;
  }
  std::vector<Component> components;
  for (std::size_t seed = 0; seed < left.size(); ++seed) {
    if (!left[seed]) {
      continue;
    }
    Component component{.pixels = {seed}};
    left[seed] = false;
    for (std::size_t next = 0; next < component.pixels.size(); ++next) {
      const std::size_t pixel = component.pixels[next];
      component.strong += plane.levels[pixel] > strong ? 1 : 0;
      const std::size_t x = pixel % plane.width;
      const std::size_t y = pixel / plane.width;
      for (std::size_t near_y = y - std::min<std::size_t>(y, 1);
           near_y < std::min(y + 2, plane.height); ++near_y) {
        for (std::size_t near_x = x - std::min<std::size_t>(x, 1);
             near_x < std::min(x + 2, plane.width); ++near_x) {
          const std::size_t near = near_y * plane.width + near_x;
          if (left[near]) {
            left[near] = false;
            component.pixels.push_back(near);
          }
        }
      }
    }
    components.push_back(std::move(component));
  }
  return components;
}

/// Crops to the bounding box of the levels above 0; there must be at least one.
Plane cropped(const Plane& plane) {
  std::size_t left = plane.width;
  std::size_t right = 0;
  std::size_t top = plane.height;
  std::size_t bottom = 0;
  for (std::size_t y = 0; y < plane.height; ++y) {
    for (std::size_t x = 0; x < plane.width; ++x) {
      if (plane.levels[y * plane.width + x] > 0) {
        left = std::min(left, x);
        right = std::max(right, x + 1);
        top = std::min(top, y);
        bottom = std::max(bottom, y + 1);
      }
    }
  }
  Plane result{.width = right - left, .height = bottom - top, .levels = {}};
  for (std::size_t y = top; y < bottom; ++y) {
    const auto row = plane.levels.begin() + static_cast<std::ptrdiff_t>(y * plane.width);
    result.levels.insert(result.levels.end(), row + static_cast<std::ptrdiff_t>(left),
                         row + static_cast<std::ptrdiff_t>(right));
  }
  return result;
}

}  // namespace

std::optional<Plane> find_ink(const GreyImage& image) {
  constexpr float kMinInk = 8;          // levels; less is compression noise
  constexpr float kMinContrast = 2.9F;  // the maximum of 5,000 noise images of 28 x 28 is 2.6
  constexpr float kWeakOverNoise = 3;   // exceeded by one background pixel in 700
  constexpr float kWeakOfInk = 0.15F;   // antialiased edge of a stroke
  constexpr double kSpeck = 0.03;       // fraction of the largest component
  const Plane levels = at_working_size(image);
  const std::optional<ForegroundMap> found = subtract_background(levels);
  if (!found || found->threshold <= 0 || found->ink < kMinInk || found->contrast() < kMinContrast) {
    return std::nullopt;
  }
  const ForegroundMap& map = *found;
  const float weak =
      std::min(map.threshold, std::max(kWeakOverNoise * map.noise, kWeakOfInk * map.ink));
  const std::vector<Component> components = connected_components(map.strength, weak, map.threshold);
  const std::size_t largest = std::ranges::max(components, {}, &Component::strong).strong;
  Plane ink{.width = levels.width,
            .height = levels.height,
            .levels = std::vector<float>(levels.levels.size())};
  for (const Component& component : components) {
    if (component.strong > 0 &&
        static_cast<double>(component.strong) >= kSpeck * static_cast<double>(largest)) {
      for (const std::size_t pixel : component.pixels) {
        ink.levels[pixel] = std::clamp(map.strength.levels[pixel] / map.ink, 0.0F, 1.0F);
      }
    }
  }
  return cropped(ink);
}

}  // namespace qmnist
