#include "host/html/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "host/html/report_style.h"
#include "host/utf8.h"

namespace qmnist {
namespace {

/// The replacement of a character in markup; empty if it needs none.
std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    default:
      return std::iscntrl(static_cast<unsigned char>(c)) != 0 && c != '\n' ? " " : "";
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : to_valid_utf8(text)) {
    const std::string_view entity = entity_of(c);
    safe += entity.empty() ? std::string_view(&c, 1) : entity;
  }
  return safe;
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
