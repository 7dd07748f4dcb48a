#include "host/format/text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/support/text_tables.h"

namespace qmnist {
namespace {

using test::expect_equal_widths;
using test::table_lines;
using test::Words;
using test::words_of;

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

}  // namespace
}  // namespace qmnist
