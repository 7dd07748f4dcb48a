#include <gtest/gtest.h>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

TEST(WithoutReportPngTest, TheReportIsWrittenAndTheChartsAreNamedAsMissing) {
  const SmallRun run;
  const ProgramResult result = run.train();
  expect_success(result);
  expect_contains(result.output, "No confusion.png and curves.png: this build draws none");
  EXPECT_FALSE(std::filesystem::exists(run.file("confusion.png")));
  EXPECT_FALSE(std::filesystem::exists(run.file("curves.png")));
  expect_contains(read_file(run.file("report.html")), "data:image/png;base64,");
}

TEST(WithoutReportPngTest, AContactSheetIsRefused) {
  if (QMNIST_HAS_IMAGES == 0) {
    GTEST_SKIP() << "this build reads no images";
  }
  expect_error(run_qmnist({"predict", "image.png", "--contact-sheet", "sheet.png"}), 2,
               {"this build draws no PNG charts", "librsvg", "QMNIST_REPORT_PNG=ON"});
}

}  // namespace
}  // namespace qmnist::test
