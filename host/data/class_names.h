#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist {

/// The names of classes, by label.
using ClassNames = std::vector<std::string>;

inline constexpr std::size_t kMinClasses = 2;
inline constexpr std::size_t kMaxClasses = 256;  // a label is a byte
inline constexpr std::size_t kDigitCount = 10;

/// "0", "1", ...: the names of digits, and of classes that have no others.
[[nodiscard]] ClassNames numbered_classes(std::size_t count);

/// Whether the names are those of numbered_classes().
[[nodiscard]] bool are_numbered(std::span<const std::string> classes);

/// Whether a file's text may be a class's name: 1 to 64 bytes of UTF-8 without control characters.
[[nodiscard]] bool is_class_name(std::string_view text);

/// For messages, the first three where there are many: "10 (T-shirt/top, Trouser, Pullover, ...)",
/// "26 (0 to 25)".
[[nodiscard]] std::string classes_text(std::span<const std::string> classes);

}  // namespace qmnist
