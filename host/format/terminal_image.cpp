#include "host/format/terminal_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string_view>
#include <vector>

#include "host/format/text.h"

namespace qmnist {
namespace {

/// Two pixels, one above the other, each in one of the 24 greys of a terminal's 256 colours.
void append_in_grey(std::string& line, std::uint8_t above, std::uint8_t below) {
  constexpr unsigned kFirstGrey = 232;
  constexpr unsigned kGreys = 24;
  const auto grey = [](std::uint8_t level) { return kFirstGrey + level * kGreys / 256; };
  fmt::format_to(std::back_inserter(line), "\x1b[38;5;{};48;5;{}m▀", grey(above), grey(below));
}

/// Two pixels as a block character, each on or off.
std::string_view half_blocks(std::uint8_t above, std::uint8_t below) {
  constexpr std::uint8_t kOn = 80;  // includes half of a stroke's antialiased edge
  constexpr std::array<std::string_view, 4> kBlocks{" ", "▄", "▀", "█"};
  return kBlocks.at((above >= kOn ? 2U : 0U) + (below >= kOn ? 1U : 0U));
}

/// The mean of two pixels as an ASCII character; denser characters are brighter.
char ascii(std::uint8_t above, std::uint8_t below) {
  constexpr std::string_view kRamp = " .:-=+*#%@";
  return kRamp.at((above + below) * kRamp.size() / 511);
}

std::string image_line(const Classification& classification, std::size_t line, TextStyle style) {
  const std::uint8_t* above = classification.input.pixels.data() + 2 * line * kImageSide;
  const std::uint8_t* below = above + kImageSide;
  std::string text;
  for (std::size_t x = 0; x < kImageSide; ++x) {
    if (style.is_unicode && style.has_colour) {
      append_in_grey(text, above[x], below[x]);
    } else if (style.is_unicode) {
      text += half_blocks(above[x], below[x]);
    } else {
      text += ascii(above[x], below[x]);
    }
  }
  return style.is_unicode && style.has_colour ? text + "\x1b[0m" : text;
}

/// A class's name, its probability, and a bar of that length.
std::string bar_line(std::string_view name, std::size_t columns, float probability, bool is_best,
                     TextStyle style) {
  constexpr float kLength = 30;
  const auto filled = static_cast<std::size_t>(std::lround(probability * kLength));
  std::string bar;
  for (std::size_t i = 0; i < filled; ++i) {
    bar += style.is_unicode ? "━" : "=";
  }
  const std::string line =
      fmt::format("{:<{}}  {:>8}  {}", name, columns, percent(probability), bar);
  return style.has_colour && is_best ? "\x1b[1m" + line + "\x1b[0m" : line;
}

/// The classes to show, in their order; of more than `lines` the ten most probable ones.
std::vector<std::size_t> shown_classes(const Classification& classification, std::size_t lines) {
  constexpr std::size_t kMostProbable = 10;
  std::vector<std::size_t> labels(classification.probabilities.size());
  std::iota(labels.begin(), labels.end(), std::size_t{0});
  if (labels.size() > lines) {
    std::ranges::stable_sort(labels, std::greater(), [&](std::size_t label) {
      return classification.probabilities[label];
    });
    labels.resize(kMostProbable);
  }
  return labels;
}

}  // namespace

std::string image_with_bars(const Classification& classification,
                            std::span<const std::string> classes, TextStyle style) {
  constexpr std::size_t kLines = kImageSide / 2;
  const std::vector<std::size_t> shown = shown_classes(classification, kLines);
  const std::size_t first_bar = (kLines - shown.size()) / 2;
  std::size_t columns = 0;
  for (const std::size_t label : shown) {
    columns = std::max(columns, columns_of(classes[label]));
  }
  std::string text;
  for (std::size_t line = 0; line < kLines; ++line) {
    text += "  " + image_line(classification, line, style);
    if (line >= first_bar && line < first_bar + shown.size()) {
      const std::size_t label = shown[line - first_bar];
      text += "    " + bar_line(classes[label], columns, classification.probabilities[label],
                                label == classification.label(), style);
    }
    text += '\n';
  }
  return text;
}

}  // namespace qmnist
