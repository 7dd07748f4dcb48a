#pragma once

#include <string>
#include <string_view>

#include "host/format/text.h"

namespace qmnist {

/// Text as it may stand between the tags and in the attributes of HTML and SVG. Whatever is not
/// UTF-8 becomes U+FFFD, whatever controls a terminal a space.
[[nodiscard]] std::string escaped(std::string_view text);

/// The table, escaped, with scoped headers, in a box that scrolls where the window is narrower.
/// @param css_class "numbers" aligns all columns but the first right
[[nodiscard]] std::string html_table(const Table& table, std::string_view css_class = {});

/// A box that scrolls by itself, by the keyboard too; `label` tells screen readers what it holds.
[[nodiscard]] std::string scroll_box(std::string_view label, std::string_view content);

/// A page with the reports' style that a browser shows without a network or scripts; well-formed as
/// XML, too. `title` is escaped, more style and the body are not.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view more_style,
                                    std::string_view body);

}  // namespace qmnist
