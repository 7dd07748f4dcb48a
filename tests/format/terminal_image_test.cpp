#include "host/format/terminal_image.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "host/charts/contact_sheet.h"
#include "tests/support/digit_classes.h"

namespace qmnist {
namespace {

/// A picture whose left half is full and whose row 1 is full, too; certainly a three.
Classification answer_of(const std::string& name) {
  Classification classification{
      .name = name, .input = {.pixels = {}, .method = Preprocess::kMnist}, .probabilities = {}};
  for (std::size_t i = 0; i < kPixels; ++i) {
    classification.input.pixels.at(i) = i % kImageSide < 14 || i / kImageSide == 1 ? 255 : 0;
  }
  classification.probabilities = {0, 0, 0.25F, 0.75F, 0, 0, 0, 0, 0, 0};
  return classification;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

TEST(PictureTest, ShowsTwoRowsOfPixelsALineAndABarADigit) {
  const auto plain = lines_of(image_with_bars(answer_of("x"), test::kDigitNames, {}));
  ASSERT_EQ(plain.size(), 14U);
  EXPECT_EQ(plain[0], "  " + repeated("@", 14) + repeated("=", 14));
  EXPECT_EQ(plain[1], "  " + repeated("@", 14) + repeated(" ", 14));
  EXPECT_EQ(plain[5].substr(30), "    3   75.00 %  " + repeated("=", 23));
  EXPECT_EQ(plain[4].substr(30), "    2   25.00 %  " + repeated("=", 8));
  EXPECT_EQ(plain[11].substr(30), "    9    0.00 %  ");

  const auto unicode =
      lines_of(image_with_bars(answer_of("x"), test::kDigitNames, {.is_unicode = true}));
  EXPECT_EQ(unicode[0], "  " + repeated("█", 14) + repeated("▄", 14));
  EXPECT_TRUE(unicode[5].ends_with(repeated("━", 23)));

  const auto colour = lines_of(
      image_with_bars(answer_of("x"), test::kDigitNames, {.is_unicode = true, .has_colour = true}));
  EXPECT_TRUE(colour[0].starts_with("  \x1b[38;5;255;48;5;255m▀"));
  EXPECT_TRUE(colour[0].ends_with("\x1b[38;5;232;48;5;255m▀\x1b[0m"));
  EXPECT_NE(colour[5].find("\x1b[1m3"), std::string::npos);
}

TEST(PictureTest, OfManyClassesTheMostProbableHaveBars) {
  Classification answer = answer_of("x");
  answer.probabilities.assign(62, 0.01F);
  answer.probabilities[61] = 0.2F;
  ClassNames classes = numbered_classes(62);
  classes[61] = "Ankle boot";
  const auto lines = lines_of(image_with_bars(answer, classes, {}));
  ASSERT_EQ(lines.size(), 14U);
  EXPECT_EQ(lines[2].substr(30), "    Ankle boot   20.00 %  " + repeated("=", 6));
  EXPECT_EQ(lines[3].substr(30), "    0             1.00 %  ");
  EXPECT_EQ(lines[12].size(), 30U);
}

TEST(AnswerTest, SaysTheMostProbableDigit) {
  EXPECT_EQ(answer_of("x").label(), 3U);
  EXPECT_EQ(classification_line(answer_of("a\nb.png"), test::kDigitNames, 9),
            "a b.png    3   75.00 %");
  EXPECT_EQ(to_json(answer_of("x"), test::kDigitNames).dump(),
            R"({"file":"x","label":3,"class":"3","confidence":0.75,)"
            R"("probabilities":[0.0,0.0,0.25,0.75,0.0,0.0,0.0,0.0,0.0,0.0],"preprocess":"mnist"})");
}

TEST(ContactSheetTest, HasEachPictureAndWhatItLeavesOut) {
  const std::vector<Classification> classifications{answer_of("folder/<1>.png"),
                                                    answer_of("folder/a_rather_long_name_2.png")};
  const std::string sheet = contact_sheet(classifications, test::kDigitNames, 1234);
  EXPECT_NE(sheet.find("&lt;1&gt;.png<"), std::string::npos);
  EXPECT_NE(sheet.find(">…_long_name_2.png<"), std::string::npos);
  EXPECT_EQ(sheet.find("folder"), std::string::npos);
  EXPECT_NE(sheet.find("and 1,234 more"), std::string::npos);
  EXPECT_EQ(contact_sheet(classifications, test::kDigitNames, 0).find("more"), std::string::npos);
}

}  // namespace
}  // namespace qmnist
