#pragma once

#include <string>
#include <string_view>

namespace qmnist {

/// Text of a file for a message: its beginning, with ? for what is not printable ASCII.
[[nodiscard]] inline std::string printable(std::string_view text) {
  constexpr std::size_t kMaxShown = 60;
  std::string shown(text.substr(0, kMaxShown));
  for (char& character : shown) {
    character = character < ' ' || character > '~' ? '?' : character;
  }
  return text.size() > kMaxShown ? shown + "..." : shown;
}

}  // namespace qmnist
