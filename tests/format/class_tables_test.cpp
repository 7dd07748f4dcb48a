#include "host/format/class_tables.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/digit_classes.h"
#include "tests/support/text_tables.h"

namespace qmnist {
namespace {

using test::expect_equal_widths;
using test::table_lines;
using test::Words;
using test::words_of;

TEST(ClassTablesTest, ConfusionTableHasTrueDigitsDown) {
  Evaluation evaluation = test::empty_evaluation();
  for (std::size_t truth = 0; truth < kDigitCount; ++truth) {
    for (std::size_t predicted = 0; predicted < kDigitCount; ++predicted) {
      evaluation.confusion[truth][predicted] = 100 * truth + predicted;
    }
  }
  evaluation.confusion[9][9] = 12000;
  const auto lines = table_lines(confusion_table(evaluation, test::kDigitNames));
  ASSERT_EQ(lines.size(), 2 + kDigitCount);
  EXPECT_EQ(lines[0], "  true \\ predicted");
  expect_equal_widths({lines.begin() + 1, lines.end()});
  EXPECT_EQ(words_of(lines[1]), (Words{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  for (std::size_t truth = 0; truth < kDigitCount; ++truth) {
    Words expected{std::to_string(truth)};
    for (const std::uint64_t count : evaluation.confusion[truth]) {
      expected.push_back(std::to_string(count));
    }
    EXPECT_EQ(words_of(lines[2 + truth]), expected);
  }
}

TEST(ClassTablesTest, PerClassTableHasALinePerDigit) {
  Evaluation evaluation = test::empty_evaluation();
  for (std::size_t digit = 0; digit < kDigitCount; ++digit) {
    evaluation.per_class[digit] = {.precision = 1, .recall = 0, .f1 = 0.5, .support = digit};
  }
  evaluation.per_class[3] = {.precision = 0.97536, .recall = 0.9, .f1 = 0.93617, .support = 1408};
  const auto lines = table_lines(per_class_table(evaluation, test::kDigitNames));
  ASSERT_EQ(lines.size(), 1 + kDigitCount);
  expect_equal_widths(lines);
  EXPECT_EQ(words_of(lines[0]), (Words{"class", "precision", "recall", "F1", "support"}));
  EXPECT_EQ(words_of(lines[1]), (Words{"0", "1.0000", "0.0000", "0.5000", "0"}));
  EXPECT_EQ(words_of(lines[4]), (Words{"3", "0.9754", "0.9000", "0.9362", "1408"}));
  EXPECT_EQ(words_of(lines[10]), (Words{"9", "1.0000", "0.0000", "0.5000", "9"}));
}

TEST(ClassTablesTest, WideNamesStandBehindTheColumnsNumbers) {
  Evaluation evaluation = test::empty_evaluation(3);
  evaluation.confusion[2][1] = 42;
  const ClassNames classes{"T-shirt/top", "Trouser", "お"};
  const auto lines = table_lines(confusion_table(evaluation, classes));
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[1], "                     0     1     2");
  EXPECT_EQ(lines[2], "   0 T-shirt/top     0     0     0");
  EXPECT_EQ(lines[4], "   2 お              0    42     0");
  EXPECT_EQ(table_lines(per_class_table(evaluation, classes))[1],
            "  T-shirt/top     0.0000   0.0000   0.0000        0");
}

TEST(ClassTablesTest, OfManyClassesTheWorstAreShown) {
  Evaluation evaluation = test::empty_evaluation(62);
  for (std::size_t label = 0; label < 62; ++label) {
    evaluation.confusion[label][label] = 1000;
    evaluation.confusion[label][(label + 1) % 62] = label;
    evaluation.per_class[label].f1 = 1 - static_cast<double>(label) / 100;
  }
  const ClassNames classes = numbered_classes(62);
  const auto confusions = table_lines(confusion_table(evaluation, classes));
  ASSERT_EQ(confusions.size(), 22U);
  EXPECT_EQ(words_of(confusions[2]), (Words{"61", "0", "61"}));
  EXPECT_EQ(words_of(confusions[21]), (Words{"42", "43", "42"}));
  const auto reports = table_lines(per_class_table(evaluation, classes));
  ASSERT_EQ(reports.size(), 22U);
  EXPECT_EQ(words_of(reports[2])[0], "61");
  EXPECT_EQ(words_of(reports[21])[0], "42");
}

}  // namespace
}  // namespace qmnist
