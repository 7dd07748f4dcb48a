#include "host/format/text.h"

#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>
#include <vector>

namespace qmnist {
namespace {

std::vector<std::string> table_lines(const std::string& table) {
  EXPECT_EQ(table.back(), '\n');
  std::vector<std::string> lines;
  std::istringstream stream(table);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

void expect_equal_widths(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    EXPECT_EQ(line.size(), lines.front().size()) << line;
  }
}

using Words = std::vector<std::string>;

TEST(TextTest, GroupsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(12345), "12,345");
  EXPECT_EQ(grouped(109386), "109,386");
  EXPECT_EQ(grouped(1000000), "1,000,000");
  EXPECT_EQ(grouped(18446744073709551615U), "18,446,744,073,709,551,615");
}

TEST(TextTest, AccuracyHasItsDeviation) {
  Evaluation evaluation;
  evaluation.accuracy = 0.9754;
  evaluation.predictions.resize(14000);
  // sqrt(0.9754 * 0.0246 / 14000) = 0.00131
  EXPECT_EQ(accuracy_text(evaluation), "97.54 ± 0.13 %");
  evaluation.accuracy = 1;
  EXPECT_EQ(accuracy_text(evaluation), "100.00 ± 0.00 %");
  evaluation.accuracy = 0.5;
  evaluation.predictions.resize(100);
  EXPECT_EQ(accuracy_text(evaluation), "50.00 ± 5.00 %");
}

TEST(TextTest, ScheduleIsToldFromItsPeak) {
  EXPECT_EQ(schedule_text({}, 0.001), "0.001");
  EXPECT_EQ(schedule_text({.warmup_epochs = 1}, 0.001), "0.001 with 1 warm-up epoch");
  EXPECT_EQ(schedule_text({.name = ScheduleName::kCosine, .warmup_epochs = 0.5}, 0.001),
            "0.001, cosine to 0 with 0.5 warm-up epochs");
  EXPECT_EQ(
      schedule_text({.name = ScheduleName::kStep, .step_epochs = 5, .step_factor = 0.1}, 0.001),
      "0.001, times 0.1 every 5 epochs");
  EXPECT_EQ(schedule_text({.name = ScheduleName::kOneCycle, .final_factor = 0.01}, 0.03),
            "0.03, one cycle to 0.0003");
}

TEST(TextTest, TableIsAsWideAsItsTextWhateverTheBytes) {
  const Table table{.caption = "Runs",
                    .columns = {"run", "accuracy", "loss"},
                    .rows = {{"first", "97.36 ± 0.14 %", "0.1"}, {"b", "5 %", "12"}}};
  EXPECT_EQ(text_table(table),
            "Runs\n"
            "  run          accuracy  loss\n"
            "  first  97.36 ± 0.14 %   0.1\n"
            "  b                 5 %    12\n");
}

TEST(TextTest, NetworkTableHasALinePerLayer) {
  constexpr std::array<std::size_t, 2> kHidden{128, 64};
  const auto lines = table_lines(network_table(Network(784, kHidden, 10)));
  ASSERT_EQ(lines.size(), 5U);
  expect_equal_widths(lines);
  EXPECT_EQ(words_of(lines[0]), (Words{"layer", "output", "parameters"}));
  EXPECT_EQ(words_of(lines[1]), (Words{"dense,", "relu", "128", "100,480"}));
  EXPECT_EQ(words_of(lines[2]), (Words{"dense,", "relu", "64", "8,256"}));
  EXPECT_EQ(words_of(lines[3]), (Words{"dense,", "softmax", "10", "650"}));
  EXPECT_EQ(words_of(lines[4]), (Words{"total", "109,386"}));
}

TEST(TextTest, NetworkTableOfASingleLayer) {
  const auto lines = table_lines(network_table(Network(784, {}, 10)));
  ASSERT_EQ(lines.size(), 3U);
  expect_equal_widths(lines);
  EXPECT_EQ(words_of(lines[1]), (Words{"dense,", "softmax", "10", "7,850"}));
  EXPECT_EQ(words_of(lines[2]), (Words{"total", "7,850"}));
}

TEST(TextTest, ConfusionTableHasTrueDigitsDown) {
  Evaluation evaluation;
  for (std::size_t truth = 0; truth < kClasses; ++truth) {
    for (std::size_t predicted = 0; predicted < kClasses; ++predicted) {
      evaluation.confusion[truth][predicted] = 100 * truth + predicted;
    }
  }
  evaluation.confusion[9][9] = 12000;
  const auto lines = table_lines(confusion_table(evaluation));
  ASSERT_EQ(lines.size(), 2 + kClasses);
  EXPECT_EQ(lines[0], "  true \\ predicted");
  expect_equal_widths({lines.begin() + 1, lines.end()});
  EXPECT_EQ(words_of(lines[1]), (Words{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  for (std::size_t truth = 0; truth < kClasses; ++truth) {
    Words expected{std::to_string(truth)};
    for (const std::uint64_t count : evaluation.confusion[truth]) {
      expected.push_back(std::to_string(count));
    }
    EXPECT_EQ(words_of(lines[2 + truth]), expected);
  }
}

TEST(TextTest, PerClassTableHasALinePerDigit) {
  Evaluation evaluation;
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    evaluation.per_class[digit] = {.precision = 1, .recall = 0, .f1 = 0.5, .support = digit};
  }
  evaluation.per_class[3] = {.precision = 0.97536, .recall = 0.9, .f1 = 0.93617, .support = 1408};
  const auto lines = table_lines(per_class_table(evaluation));
  ASSERT_EQ(lines.size(), 1 + kClasses);
  expect_equal_widths(lines);
  EXPECT_EQ(words_of(lines[0]), (Words{"digit", "precision", "recall", "F1", "support"}));
  EXPECT_EQ(words_of(lines[1]), (Words{"0", "1.0000", "0.0000", "0.5000", "0"}));
  EXPECT_EQ(words_of(lines[4]), (Words{"3", "0.9754", "0.9000", "0.9362", "1408"}));
  EXPECT_EQ(words_of(lines[10]), (Words{"9", "1.0000", "0.0000", "0.5000", "9"}));
}

}  // namespace
}  // namespace qmnist
