#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qmnist {

/// Text as it may stand between the tags and in the attributes of HTML and SVG. Whatever is not
/// UTF-8 becomes U+FFFD, whatever controls a terminal a space.
[[nodiscard]] std::string escaped(std::string_view text);

/// A table of text; html_table() escapes it.
struct HtmlTable {
  std::string_view caption;
  std::vector<std::string_view> columns;       ///< their headers
  std::vector<std::vector<std::string>> rows;  ///< the first cell of each is the row's header
  std::string_view css_class = "";             ///< "numbers" aligns all columns but the first right
};

/// The table with scoped headers, in a box that scrolls where the window is narrower.
[[nodiscard]] std::string html_table(const HtmlTable& table);

/// A box that scrolls by itself, by the keyboard too; `label` tells screen readers what it holds.
[[nodiscard]] std::string scroll_box(std::string_view label, std::string_view content);

}  // namespace qmnist
