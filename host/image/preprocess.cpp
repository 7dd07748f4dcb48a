#include "host/image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "host/error.h"
#include "host/image/grey.h"
#include "host/image/ink.h"
#include "host/image/resize.h"
#include "host/image/scale.h"

namespace qmnist {
namespace {

using Pixels = std::array<std::uint8_t, kPixels>;

constexpr std::uint8_t kWhite = 255;

[[noreturn]] void fail_without_ink(const std::string& place) {
  throw DataError(
      "{}: nothing is drawn on it; expected a digit that stands out from the ground "
      "around it",
      place);
}

Pixels as_notebook(const ColourImage& image, const std::string& place) {
  constexpr std::size_t kBright = 128;
  GreyImage grey = to_grey(image);
  const auto [least, greatest] = std::ranges::minmax(grey.pixels);
  if (least == greatest) {
    fail_without_ink(place);
  }
  const std::size_t sum = std::accumulate(grey.pixels.begin(), grey.pixels.end(), std::size_t{0});
  if (sum > kBright * grey.pixels.size()) {
    std::ranges::transform(grey.pixels, grey.pixels.begin(), [](std::uint8_t level) {
      return static_cast<std::uint8_t>(kWhite - level);
    });
  }
  const GreyImage resized = resize_bilinear(grey, kImageSide, kImageSide);
  Pixels pixels{};
  std::ranges::copy(resized.pixels, pixels.begin());
  return pixels;
}

/// Ink on a clear ground is meant for white paper, unless it is white itself.
std::optional<Plane> ink_of(const ColourImage& image) {
  std::optional<Plane> ink = find_ink(to_grey_on(image, kWhite));
  return ink || is_opaque(image) ? ink : find_ink(to_grey_on(image, 0));
}

/// The longer side becomes 20 pixels.
Plane fitted(const Plane& ink) {
  constexpr std::size_t kSide = 20;
  const std::size_t longest = std::max(ink.width, ink.height);
  const auto fit = [&](std::size_t side) {
    return std::max<std::size_t>((side * kSide + longest / 2) / longest, 1);
  };
  return scaled(ink, fit(ink.width), fit(ink.height));
}

/// Where a range of masses must begin so that its centre of mass comes to the middle; all of it
/// stays inside.
std::size_t centred(const std::vector<double>& masses) {
  constexpr double kMiddle = 14.5;  // of MNIST's digits, measured; 14 costs 2.5 points of accuracy
  double sum = 0;
  double moment = 0;
  for (std::size_t i = 0; i < masses.size(); ++i) {
    sum += masses[i];
    moment += masses[i] * (static_cast<double>(i) + 0.5);
  }
  const double begin = std::round(kMiddle - moment / sum);
  return static_cast<std::size_t>(
      std::clamp(begin, 0.0, static_cast<double>(kImageSide - masses.size())));
}

Pixels as_mnist(const ColourImage& image, const std::string& place) {
  const std::optional<Plane> ink = ink_of(image);
  if (!ink) {
    fail_without_ink(place);
  }
  const Plane digit = fitted(*ink);
  std::vector<double> columns(digit.width);
  std::vector<double> rows(digit.height);
  for (std::size_t i = 0; i < digit.levels.size(); ++i) {
    columns[i % digit.width] += static_cast<double>(digit.levels[i]);
    rows[i / digit.width] += static_cast<double>(digit.levels[i]);
  }
  const std::size_t left = centred(columns);
  const std::size_t top = centred(rows);
  const float full = std::ranges::max(digit.levels);
  Pixels pixels{};
  for (std::size_t i = 0; i < digit.levels.size(); ++i) {
    pixels.at((top + i / digit.width) * kImageSide + left + i % digit.width) =
        static_cast<std::uint8_t>(std::lround(digit.levels[i] / full * kWhite));
  }
  return pixels;
}

}  // namespace

Digit preprocess(const ColourImage& image, Preprocess way, const std::string& place) {
  if (way == Preprocess::kAuto) {
    const bool is_ready =
        image.width == kImageSide && image.height == kImageSide && is_opaque(image);
    way = is_ready ? Preprocess::kNotebook : Preprocess::kMnist;
  }
  return {
      .pixels = way == Preprocess::kNotebook ? as_notebook(image, place) : as_mnist(image, place),
      .way = way};
}

}  // namespace qmnist
