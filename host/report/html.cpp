#include "host/report/html.h"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <memory>

namespace qmnist {
namespace {

struct Free {
  void operator()(char* text) const { g_free(text); }
};
using GlibText = std::unique_ptr<char, Free>;

bool is_control(unsigned char c) {
  return std::iscntrl(c) != 0 && c != '\n';
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string printable(text);
  std::ranges::replace_if(printable, is_control, ' ');
  const GlibText valid(g_utf8_make_valid(printable.data(), static_cast<gssize>(printable.size())));
  const GlibText safe(g_markup_escape_text(valid.get(), -1));
  return safe.get();
}

std::string scroll_box(std::string_view label, std::string_view content) {
  return fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n{}</div>\n",
      escaped(label), content);
}

std::string html_table(const HtmlTable& table) {
  std::string html = fmt::format("<table class=\"{}\">\n<caption>{}</caption>\n<thead><tr>",
                                 table.css_class, escaped(table.caption));
  const auto out = std::back_inserter(html);
  for (const std::string_view column : table.columns) {
    fmt::format_to(out, "<th scope=\"col\">{}</th>", escaped(column));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    fmt::format_to(out, "<tr><th scope=\"row\">{}</th>", escaped(row.front()));
    for (auto cell = row.begin() + 1; cell != row.end(); ++cell) {
      fmt::format_to(out, "<td>{}</td>", escaped(*cell));
    }
    html += "</tr>\n";
  }
  html += "</tbody>\n</table>\n";
  return scroll_box(table.caption, html);
}

}  // namespace qmnist
