#include "host/format/terminal_image.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>

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

std::string bar_line(const Classification& classification, std::size_t digit, TextStyle style) {
  constexpr float kLength = 30;
  const float probability = classification.probabilities.at(digit);
  const auto filled = static_cast<std::size_t>(std::lround(probability * kLength));
  std::string bar;
  for (std::size_t i = 0; i < filled; ++i) {
    bar += style.is_unicode ? "━" : "=";
  }
  const std::string line = fmt::format("{}  {:>8}  {}", digit, percent(probability), bar);
  return style.has_colour && digit == classification.digit() ? "\x1b[1m" + line + "\x1b[0m" : line;
}

}  // namespace

std::string image_with_bars(const Classification& classification, TextStyle style) {
  constexpr std::size_t kLines = kImageSide / 2;
  constexpr std::size_t kFirstBar = (kLines - kClasses) / 2;
  std::string text;
  for (std::size_t line = 0; line < kLines; ++line) {
    text += "  " + image_line(classification, line, style);
    if (line >= kFirstBar && line < kFirstBar + kClasses) {
      text += "    " + bar_line(classification, line - kFirstBar, style);
    }
    text += '\n';
  }
  return text;
}

}  // namespace qmnist
