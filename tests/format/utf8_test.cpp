#include "host/utf8.h"

#include <gtest/gtest.h>

namespace qmnist {
namespace {

TEST(Utf8Test, TakesWhatIsWellFormed) {
  for (const char* text : {"", "runs/1", "Ziffern für ± 1", "数字", "\xF0\x9F\x99\x82",
                           "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(to_valid_utf8(text), text);
  }
}

TEST(Utf8Test, KnowsWhatIsNot) {
  for (const char* text : {"\xFF", "a\x80", "\xC3", "\xC3(", "\xC0\xAF", "\xE0\x9F\xBF",
                           "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
    EXPECT_TRUE(is_utf8(to_valid_utf8(text))) << text;
  }
}

TEST(Utf8Test, ReplacesEachInvalidByte) {
  EXPECT_EQ(to_valid_utf8("a\xFF"
                          "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(to_valid_utf8("\xE4\xBD"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace qmnist
