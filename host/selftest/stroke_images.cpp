#include "host/selftest/stroke_images.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "kernels/philox.h"

namespace qmnist::selftest {
namespace {

constexpr int kUnit = 16;  // positions: so many to the pixel

struct Point {
  int x;
  int y;
};

/// The ends of strokes, in pixels: top left and right, middle left and right, bottom left and
/// right.
constexpr std::array kCorners{Point{9, 5},   Point{18, 5}, Point{9, 14},
                              Point{18, 14}, Point{9, 22}, Point{18, 22}};

/// Strokes from corner to corner, as letters of a seven-segment display: a at the top, then
/// clockwise, g in the middle.
struct Stroke {
  char name;
  std::size_t from;
  std::size_t to;
};
constexpr std::array kStrokes{Stroke{'a', 0, 1}, Stroke{'b', 1, 3}, Stroke{'c', 3, 5},
                              Stroke{'d', 4, 5}, Stroke{'e', 2, 4}, Stroke{'f', 0, 2},
                              Stroke{'g', 2, 3}};
constexpr std::array<std::string_view, kDigitCount> kDigits{
    "abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgcde", "abc", "abcdefg", "abcdfg"};

/// Draws a round pen's dot: full within a pixel of the point, and fading up to two.
void draw_dot(Point point, int brightness, std::span<std::uint8_t> image) {
  constexpr int kSide = kImageSide;
  constexpr int kReach = 2;
  constexpr int kFull = kUnit * kUnit;
  constexpr int kEnd = kReach * kReach * kFull;
  const int column = point.x / kUnit;
  const int row = point.y / kUnit;
  for (int y = std::max(row - kReach, 0); y <= std::min(row + kReach, kSide - 1); ++y) {
    for (int x = std::max(column - kReach, 0); x <= std::min(column + kReach, kSide - 1); ++x) {
      const int across = x * kUnit - point.x;
      const int down = y * kUnit - point.y;
      const int distance = std::clamp(across * across + down * down, kFull, kEnd);
      const int place = y * kSide + x;
      std::uint8_t& pixel = image[static_cast<std::size_t>(place)];
      const int grey = brightness * (kEnd - distance) / (kEnd - kFull);
      pixel = std::max(pixel, static_cast<std::uint8_t>(grey));
    }
  }
}

void draw_stroke(Point from, Point to, int brightness, std::span<std::uint8_t> image) {
  constexpr int kDots = 16;
  for (int dot = 0; dot <= kDots; ++dot) {
    draw_dot({from.x + (to.x - from.x) * dot / kDots, from.y + (to.y - from.y) * dot / kDots},
             brightness, image);
  }
}

/// @param image [kPixels], zeros
/// @return its label
std::uint8_t draw_digit(std::size_t index, std::span<std::uint8_t> image) {
  std::uint32_t block = 0;
  const auto next = [&] { return philox({{static_cast<std::uint32_t>(index), block++}}, 0, 0); };
  const RandomWords first = next();
  const auto label = static_cast<std::uint8_t>(first.words[0] % kDigitCount);
  const int brightness = 128 + static_cast<int>(first.words[1] % 128);
  std::array<Point, kCorners.size()> corners{};
  std::ranges::transform(kCorners, corners.begin(), [&](Point corner) {
    const auto jitter = [](std::uint32_t word) { return static_cast<int>(word % 65) - 32; };
    const RandomWords random = next();
    return Point{corner.x * kUnit + jitter(random.words[0]),
                 corner.y * kUnit + jitter(random.words[1])};
  });
  for (const Stroke& stroke : kStrokes) {
    if (kDigits.at(label).find(stroke.name) != std::string_view::npos) {
      draw_stroke(corners.at(stroke.from), corners.at(stroke.to), brightness, image);
    }
  }
  return label;
}

}  // namespace

StrokeImages::StrokeImages(std::size_t count) : pixels(count * kPixels), labels(count) {
  for (std::size_t i = 0; i < count; ++i) {
    labels[i] = draw_digit(i, std::span(pixels).subspan(i * kPixels, kPixels));
  }
}

}  // namespace qmnist::selftest
