#include "host/report/html.h"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <memory>

#include "host/report/report_style.h"

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

std::string html_table(const Table& table, std::string_view css_class) {
  std::string html = fmt::format("<table class=\"{}\">\n<caption>{}</caption>\n<thead><tr>",
                                 css_class, escaped(table.caption));
  const auto out = std::back_inserter(html);
  for (const std::string& column : table.columns) {
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

std::string html_page(std::string_view title, std::string_view more_style, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escaped(title), kReportStyle, more_style, body);
}

}  // namespace qmnist
