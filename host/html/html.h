#pragma once

#include <string>
#include <string_view>

#include "host/format/text.h"

namespace qmnist {

/// Escapes text for use between the tags and in the attributes of HTML and SVG. Invalid UTF-8 is
/// replaced by U+FFFD, control characters by spaces.
[[nodiscard]] std::string escaped(std::string_view text);

/// The table, escaped, with scoped headers, in a box that scrolls if the window is narrower.
/// @param css_class "numbers" right-aligns all columns except the first
[[nodiscard]] std::string html_table(const Table& table, std::string_view css_class = {});

/// A scrollable box that can be reached with the keyboard; `label` describes it to screen readers.
[[nodiscard]] std::string scroll_box(std::string_view label, std::string_view content);

/// A self-contained page in the reports' style, without scripts or external files; it is also
/// well-formed XML. `title` is escaped; `more_style` and `body` are not.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view more_style,
                                    std::string_view body);

}  // namespace qmnist
