#include "host/html/html.h"

#include <gtest/gtest.h>

#include "tests/support/markup.h"

namespace qmnist {
namespace {

TEST(HtmlTest, EscapesWhatMeansSomethingInMarkup) {
  EXPECT_EQ(escaped("runs/baseline, 97.36 ± 0.14 %"), "runs/baseline, 97.36 ± 0.14 %");
  EXPECT_EQ(escaped("<b a=\"1\" c='2'>&amp;"),
            "&lt;b a=&quot;1&quot; c=&apos;2&apos;&gt;&amp;amp;");
  EXPECT_EQ(escaped(""), "");
}

TEST(HtmlTest, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(escaped("a\x1b[31mb\tc\r"), "a [31mb c ");
  EXPECT_EQ(escaped("a\nb"), "a\nb");
  EXPECT_EQ(escaped("a\xff"
                    "b\xc3"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(escaped(std::string_view("a\0b", 3)), "a b");
}

TEST(HtmlTest, TablesHaveACaptionAndScopedHeaders) {
  const std::string html = html_table({.caption = "Numbers & <things>",
                                       .columns = {"Thing", "<n>"},
                                       .rows = {{"<i>one</i>", "1"}, {"two", "<b>2</b>"}}},
                                      "numbers");
  EXPECT_EQ(test::elements_of(html, "table", "numbers").size(), 1U);
  EXPECT_EQ(test::elements_of(html, "caption").at(0).text, "Numbers & <things>");
  const auto headers = test::elements_of(html, "th");
  ASSERT_EQ(headers.size(), 4U);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    EXPECT_EQ(headers[i].attribute("scope"), i < 2 ? "col" : "row");
  }
  EXPECT_EQ(headers[1].text, "<n>");
  EXPECT_EQ(headers[2].text, "<i>one</i>");
  EXPECT_EQ(test::elements_of(html, "td").at(1).text, "<b>2</b>");
}

TEST(HtmlTest, AScrollBoxCanBeReachedByTheKeyboardAndHasAName) {
  const auto boxes = test::elements_of(scroll_box("\"wide\"", "<p>content</p>"), "div", "scroll");
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0].attribute("tabindex"), "0");
  EXPECT_EQ(boxes[0].attribute("role"), "region");
  EXPECT_EQ(boxes[0].attribute("aria-label"), "\"wide\"");
  EXPECT_EQ(boxes[0].text, "\ncontent");
}

}  // namespace
}  // namespace qmnist
