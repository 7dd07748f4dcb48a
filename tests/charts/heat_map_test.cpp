#include "host/charts/heat_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/image/svg.h"
#include "tests/support/decode_png.h"
#include "tests/support/digit_classes.h"
#include "tests/support/markup.h"

namespace qmnist {
namespace {

/// Counts of 1000 for hits, and 100 true digits t read as p as 10 t + p.
Evaluation counted() {
  Evaluation evaluation = test::empty_evaluation();
  for (std::size_t label = 0; label < kDigitCount; ++label) {
    for (std::size_t predicted = 0; predicted < kDigitCount; ++predicted) {
      evaluation.confusion[label][predicted] = label == predicted ? 1000 : 10 * label + predicted;
    }
  }
  return evaluation;
}

/// WCAG's relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
double luminance(const test::Rgb& colour) {
  constexpr std::array kWeights{0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    const double level = colour[i] / 255.0;
    sum +=
        kWeights[i] * (level <= 0.04045 ? level / 12.92 : std::pow((level + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(const test::Rgb& one, const test::Rgb& other) {
  const auto [dark, light] = std::minmax({luminance(one), luminance(other)});
  return (light + 0.05) / (dark + 0.05);
}

TEST(HeatMapTest, TheTableHasTrueDigitsDownAndPredictionsAcross) {
  const std::string html = confusion_html(counted(), test::kDigitNames);
  const auto cells = test::elements_of(html, "tbody");
  ASSERT_EQ(cells.size(), 1U);
  const auto rows = test::elements_of(html, "tr");
  ASSERT_EQ(rows.size(), 12U);
  EXPECT_EQ(rows[0].text, "Predicted");
  EXPECT_EQ(rows[1].text, "True0123456789");
  EXPECT_EQ(rows[2].text, "01000123456789");
  EXPECT_EQ(rows[9].text, "77071727374757610007879");
}

TEST(HeatMapTest, TheTablesHeadersHaveScopes) {
  std::array<std::size_t, 3> scopes{};  // colgroup, col, row
  for (const test::Element& header :
       test::elements_of(confusion_html(counted(), test::kDigitNames), "th")) {
    const std::string scope = header.attribute("scope");
    ASSERT_TRUE(scope == "colgroup" || scope == "col" || scope == "row") << scope;
    ++scopes[scope == "colgroup" ? 0 : scope == "col" ? 1 : 2];
  }
  EXPECT_EQ(scopes, (std::array<std::size_t, 3>{1, 11, 10}));
}

TEST(HeatMapTest, CellsAreMarkedByTheirShareOfTheLargest) {
  const std::string html = confusion_html(counted(), test::kDigitNames);
  EXPECT_EQ(test::elements_of(html, "td", "high").size(), kDigitCount);
  std::size_t seen = 0;
  for (const test::Element& cell : test::elements_of(html, "td")) {
    seen += cell.text == "1000" && cell.attribute("style") == "--heat:100.0%" ? 1 : 0;
    seen += cell.text == "79" && cell.attribute("style") == "--heat:7.9%" ? 1 : 0;
  }
  EXPECT_EQ(seen, kDigitCount + 1);
}

TEST(HeatMapTest, ThePictureHasEveryCountInItsCell) {
  const std::string svg = confusion_svg(counted(), test::kDigitNames);
  const auto texts = test::elements_of(svg, "text");
  for (std::size_t i = 0; i < kDigitCount * kDigitCount; ++i) {
    EXPECT_EQ(texts[i].text, std::to_string(counted().confusion[i / kDigitCount][i % kDigitCount]));
  }
  for (const char* word : {"Confusion matrix", "Predicted", "True"}) {
    EXPECT_EQ(std::ranges::count(texts, word, &test::Element::text), 1) << word;
  }
}

TEST(HeatMapTest, ThePictureIsBlueWhereCountsAreHigh) {
  if (!has_svg_to_png()) {
    GTEST_SKIP() << "this build draws no PNG charts";
  }
  const test::Picture picture =
      test::decode_png(svg_to_png(confusion_svg(counted(), test::kDigitNames)));
  constexpr std::size_t kLeft = 93;
  constexpr std::size_t kTop = 72;
  constexpr std::size_t kCell = 69;
  EXPECT_EQ(picture.at(0, 0), (test::Rgb{255, 255, 255}));
  for (std::size_t i = 0; i < kDigitCount; ++i) {
    EXPECT_EQ(picture.at(kLeft + i * kCell + 4, kTop + i * kCell + 4), (test::Rgb{8, 69, 148}));
  }
  EXPECT_EQ(picture.at(kLeft + kCell + 4, kTop + 4), (test::Rgb{247, 251, 255}));
}

TEST(HeatMapTest, EveryCountCanBeReadOnItsCell) {
  Evaluation evaluation = test::empty_evaluation();
  for (std::size_t i = 0; i < kDigitCount * kDigitCount; ++i) {
    evaluation.confusion[i / kDigitCount][i % kDigitCount] = i;
  }
  const std::string svg = confusion_svg(evaluation, test::kDigitNames);
  const auto texts = test::elements_of(svg, "text");
  auto cells = test::elements_of(svg, "rect");
  cells.erase(cells.begin());  // the paper
  for (std::size_t i = 0; i < kDigitCount * kDigitCount; ++i) {
    std::array<unsigned, 3> fill{};
    ASSERT_EQ(std::sscanf(cells[i].attribute("fill").c_str(), "rgb(%u,%u,%u)", &fill[0], &fill[1],
                          &fill[2]),
              3);
    test::Rgb background{};
    std::ranges::copy(fill, background.begin());
    const test::Rgb ink =
        texts[i].attribute("fill") == "#ffffff" ? test::Rgb{255, 255, 255} : test::Rgb{0, 0, 0};
    EXPECT_GE(contrast(background, ink), 4.5) << i << " of 99";
  }
}

TEST(HeatMapTest, AMatrixOfZerosHasNoHeat) {
  const std::string html = confusion_html(test::empty_evaluation(), test::kDigitNames);
  EXPECT_TRUE(test::elements_of(html, "td", "high").empty());
  if (has_svg_to_png()) {
    EXPECT_NO_THROW((void)svg_to_png(confusion_svg(test::empty_evaluation(), test::kDigitNames)));
  }
}

TEST(HeatMapTest, OfManyClassesLabelsDoNotOverlapAndCellsHaveNoCounts) {
  for (const std::size_t count : {13U, 47U, 62U, 256U}) {
    Evaluation evaluation = test::empty_evaluation(count);
    evaluation.confusion[count - 1][0] = 7;
    const ClassNames classes = numbered_classes(count);
    const std::string svg = confusion_svg(evaluation, classes);
    EXPECT_EQ(test::elements_of(svg, "rect").size(), count * count + 2);  // paper and colour bar
    std::vector<double> lines;
    for (const test::Element& text : test::elements_of(svg, "text")) {
      if (text.attribute("text-anchor") == "end" && !text.attribute("y").empty()) {
        lines.push_back(std::stod(text.attribute("y")));
      }
    }
    ASSERT_GE(lines.size(), 2U);
    for (std::size_t i = 1; i < lines.size(); ++i) {
      EXPECT_GE(lines[i] - lines[i - 1], 13) << count;
    }
    const std::string html = confusion_html(evaluation, classes);
    EXPECT_EQ(test::elements_of(html, "td", "high").size(), 1U);
    EXPECT_EQ(test::elements_of(html, "tr").size(), count + 2);
  }
}

TEST(HeatMapTest, NamesAreEscaped) {
  const ClassNames classes{"T-shirt/top", "<b>&"};
  const Evaluation evaluation = test::empty_evaluation(2);
  EXPECT_NE(confusion_html(evaluation, classes).find("&lt;b&gt;&amp;"), std::string::npos);
  const std::string svg = confusion_svg(evaluation, classes);
  EXPECT_NE(svg.find("&lt;b&gt;&amp;"), std::string::npos);
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
}

}  // namespace
}  // namespace qmnist
