#include "host/utf8.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace qmnist {
namespace {

/// Range of a character's first byte, range of its second byte, and its length. The second byte's
/// range excludes overlong encodings, surrogates and values beyond U+10FFFF.
/// Source: The Unicode Standard, table 3-7, Well-Formed UTF-8 Byte Sequences
struct Utf8Form {
  unsigned char first_from;
  unsigned char first_to;
  unsigned char second_from;
  unsigned char second_to;
  std::size_t length;
};
constexpr std::array kUtf8Forms{
    Utf8Form{0x00, 0x7F, 0x00, 0x00, 1}, Utf8Form{0xC2, 0xDF, 0x80, 0xBF, 2},
    Utf8Form{0xE0, 0xE0, 0xA0, 0xBF, 3}, Utf8Form{0xE1, 0xEC, 0x80, 0xBF, 3},
    Utf8Form{0xED, 0xED, 0x80, 0x9F, 3}, Utf8Form{0xEE, 0xEF, 0x80, 0xBF, 3},
    Utf8Form{0xF0, 0xF0, 0x90, 0xBF, 4}, Utf8Form{0xF1, 0xF3, 0x80, 0xBF, 4},
    Utf8Form{0xF4, 0xF4, 0x80, 0x8F, 4}};

/// Length in bytes of the first character of the text; 0 if it is invalid.
std::size_t length_of_first(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto* const form = std::ranges::find_if(kUtf8Forms, [&](const Utf8Form& each) {
    return byte(0) >= each.first_from && byte(0) <= each.first_to;
  });
  if (form == kUtf8Forms.end() || text.size() < form->length) {
    return 0;
  }
  for (std::size_t i = 1; i < form->length; ++i) {
    const unsigned char from = i == 1 ? form->second_from : 0x80;
    const unsigned char to = i == 1 ? form->second_to : 0xBF;
    if (byte(i) < from || byte(i) > to) {
      return 0;
    }
  }
  return form->length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = length_of_first(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string valid;
  while (!text.empty()) {
    const std::size_t length = length_of_first(text);
    valid += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max(length, std::size_t{1}));
  }
  return valid;
}

std::u32string to_utf32(std::string_view text) {
  constexpr unsigned kBits = 6;  // of a byte that continues a character
  constexpr std::array<unsigned, 5> kFirstMask{0, 0x7F, 0x1F, 0x0F, 0x07};  // by length
  std::u32string points;
  while (!text.empty()) {
    const std::size_t length = length_of_first(text);
    char32_t point = static_cast<unsigned char>(text[0]) & kFirstMask.at(length);
    for (const char c : text.substr(1, length - 1)) {
      point = (point << kBits) | (static_cast<unsigned char>(c) & 0x3FU);
    }
    points += point;
    text.remove_prefix(length);
  }
  return points;
}

}  // namespace qmnist
