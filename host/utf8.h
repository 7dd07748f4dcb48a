#pragma once

#include <string>
#include <string_view>

namespace qmnist {

/// Whether text is valid UTF-8, as JSON and HTML must be; file names can contain any bytes.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text with U+FFFD, the replacement character, for each byte that makes it invalid.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

/// The code points of valid UTF-8.
[[nodiscard]] std::u32string to_utf32(std::string_view text);

}  // namespace qmnist
