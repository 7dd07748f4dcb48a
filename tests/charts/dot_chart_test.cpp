#include "host/charts/dot_chart.h"

#include <gtest/gtest.h>

#include "host/image/svg.h"
#include "tests/support/decode_png.h"
#include "tests/support/markup.h"

namespace qmnist::test {
namespace {

TEST(DotChartTest, HasADotForEachValueAndAMeanOfSeveral) {
  const std::vector<DotRow> rows{{"a <b>", {97.5, 98.5, 98}}, {"c", {96}}};
  const std::string svg = dot_chart_svg("Title & more", "accuracy, %", rows);
  const auto dots = elements_of(svg, "circle");
  ASSERT_EQ(dots.size(), 4U);
  EXPECT_EQ(dots[0].attributes.at("cy"), dots[1].attributes.at("cy"));
  EXPECT_LT(std::stod(dots[0].attributes.at("cx")), std::stod(dots[1].attributes.at("cx")));
  EXPECT_LT(std::stod(dots[0].attributes.at("cy")), std::stod(dots[3].attributes.at("cy")));
  std::size_t means = 0;
  for (const auto& path : elements_of(svg, "path")) {
    if (path.attributes.at("class") == "axis") {
      ++means;
      EXPECT_TRUE(path.attributes.at("d").starts_with("M" + dots[2].attributes.at("cx") + " "));
    }
  }
  EXPECT_EQ(means, 1U);
  EXPECT_EQ(elements_of(svg, "text").at(0).text, "Title & more");
  if (has_svg_to_png()) {
    EXPECT_GT(decode_png(svg_to_png(svg)).width, 600U);
  }
}

TEST(DotChartTest, DrawsASingleValue) {
  EXPECT_EQ(
      elements_of(dot_chart_svg("one", "%", std::vector<DotRow>{{"x", {97}}}), "circle").size(),
      1U);
}

}  // namespace
}  // namespace qmnist::test
