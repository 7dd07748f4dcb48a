#include "host/charts/charts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "host/image/svg.h"
#include "tests/support/decode_png.h"
#include "tests/support/markup.h"

namespace qmnist {
namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

std::vector<EpochMetrics> history_of(const std::vector<double>& losses) {
  std::vector<EpochMetrics> history;
  history.reserve(losses.size());
  for (const double loss : losses) {
    history.push_back({.epoch = history.size() + 1,
                       .loss = loss,
                       .accuracy = 1 - loss / 10,
                       .seconds = 1,
                       .learning_rate = 1e-3,
                       .validation = {}});
  }
  return history;
}

std::vector<EpochMetrics> validated(std::vector<EpochMetrics> history) {
  for (EpochMetrics& epoch : history) {
    epoch.validation = {.loss = epoch.loss * 2, .accuracy = epoch.accuracy / 2};
  }
  return history;
}

struct Point {
  double x;
  double y;
};

/// The points of a chart's curve.
std::vector<Point> points_of(const std::string& chart, const std::string& curve) {
  std::vector<Point> points;
  for (const test::Element& line : test::elements_of(chart, "polyline", curve)) {
    std::istringstream stream(line.attribute("points"));
    char comma = 0;
    for (Point point{}; stream >> point.x >> comma >> point.y;) {
      points.push_back(point);
    }
  }
  return points;
}

TEST(ChartsTest, ACurveHasAPointAnEpochAtItsHeight) {
  const auto points =
      points_of(curve_chart(Measure::kLoss, history_of({1, 0.5, 0.25, 0})), "training");
  ASSERT_EQ(points.size(), 4U);
  const double height = points[3].y - points[0].y;  // of a loss of 1; y grows downwards
  EXPECT_GT(height, 100);
  EXPECT_NEAR(points[1].y - points[0].y, height / 2, 0.1);
  EXPECT_NEAR(points[2].y - points[0].y, height * 3 / 4, 0.1);
  EXPECT_NEAR(points[1].x - points[0].x, points[3].x - points[2].x, 0.1);
  EXPECT_GT(points[1].x, points[0].x);
}

TEST(ChartsTest, AccuracyIsInPercentUpToAHundred) {
  const std::string chart = curve_chart(Measure::kAccuracy, history_of({1, 0.5}));
  const auto points = points_of(chart, "training");  // 90 % and 95 %
  ASSERT_EQ(points.size(), 2U);
  EXPECT_GT(points[0].y, points[1].y);
  std::vector<std::string> ticks;
  for (const test::Element& tick : test::elements_of(chart, "text", "tick")) {
    ticks.push_back(tick.text);
  }
  EXPECT_EQ(ticks, (std::vector<std::string>{"90", "92", "94", "96", "98", "100", "1", "2"}));
}

TEST(ChartsTest, ValidationIsDrawnAndNamedWhereThereIsOne) {
  const auto history = history_of({0.5, 0.4, 0.3});
  const std::string without = curve_chart(Measure::kLoss, history);
  const std::string with = curve_chart(Measure::kLoss, validated(history));
  EXPECT_EQ(without.find("validation"), std::string::npos);
  const auto training = points_of(with, "training");
  const auto validation = points_of(with, "validation");
  ASSERT_EQ(validation.size(), 3U);
  EXPECT_LT(validation[0].y, training[0].y);
  const auto labels = test::elements_of(with, "text", "label");
  EXPECT_EQ(std::ranges::count(labels, "validation", &test::Element::text), 1);
  EXPECT_EQ(std::ranges::count(labels, "epoch", &test::Element::text), 1);
}

TEST(ChartsTest, TheDescriptionSaysWhatTheCurvesShow) {
  const std::string chart = curve_chart(Measure::kLoss, validated(history_of({0.5, 0.25})));
  EXPECT_EQ(test::elements_of(chart, "title").at(0).text, "Loss over the epochs");
  EXPECT_EQ(test::elements_of(chart, "desc").at(0).text,
            "training: 0.5 after epoch 1, 0.25 after epoch 2. "
            "validation: 1 after epoch 1, 0.5 after epoch 2. ");
  const test::Element svg = test::elements_of(chart).front();
  EXPECT_EQ(svg.attribute("role"), "img");
  EXPECT_EQ(svg.attribute("aria-labelledby"), "loss-title loss-description");
}

TEST(ChartsTest, WhatIsNoNumberIsLeftOut) {
  for (const auto& losses : {std::vector{0.5, kNotANumber, 0.25},
                             {kNotANumber, 0.5, 0.25},
                             {0.5, std::numeric_limits<double>::infinity(), 0.25}}) {
    const std::string chart = curve_chart(Measure::kLoss, history_of(losses));
    EXPECT_EQ(points_of(chart, "training").size(), 2U);
  }
  const std::string empty = curve_chart(Measure::kLoss, history_of({kNotANumber}));
  EXPECT_TRUE(points_of(empty, "training").empty());
  EXPECT_TRUE(points_of(curve_chart(Measure::kAccuracy, {}), "training").empty());
}

TEST(ChartsTest, EverythingStaysWithinTheChart) {
  for (const auto& losses : {std::vector{0.5},
                             {0.0, 0.0},
                             {1e-12, 1e-13},
                             {1e30, 1.0},
                             std::vector<double>(5000, 2.3)}) {
    for (const Measure measure : {Measure::kLoss, Measure::kAccuracy}) {
      for (const Point& point : points_of(curve_chart(measure, history_of(losses)), "training")) {
        ASSERT_GE(point.x, 50);
        ASSERT_LE(point.x, 440);
        ASSERT_GE(point.y, 40);
        ASSERT_LE(point.y, 300);
      }
    }
  }
}

TEST(ChartsTest, OfManyEpochsEvenlySpacedOnesAreDrawn) {
  std::vector<double> losses(5000, 0.5);
  losses.back() = 0;
  const std::string chart = curve_chart(Measure::kLoss, history_of(losses));
  const auto points = points_of(chart, "training");
  EXPECT_EQ(points.size(), 600U);
  EXPECT_GT(points.back().y, points.front().y + 100);
  EXPECT_TRUE(test::elements_of(chart, "circle").size() < 5U);
}

TEST(ChartsTest, EvenlySpacedNumbersHaveBothEnds) {
  EXPECT_TRUE(evenly_spaced(0, 5).empty());
  EXPECT_EQ(evenly_spaced(1, 5), (std::vector<std::size_t>{0}));
  EXPECT_EQ(evenly_spaced(5, 5), (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(evenly_spaced(9, 5), (std::vector<std::size_t>{0, 2, 4, 6, 8}));
  EXPECT_EQ(evenly_spaced(100000, 2), (std::vector<std::size_t>{0, 99999}));
}

TEST(ChartsTest, ThePictureShowsBothCharts) {
  if (!has_svg_to_png()) {
    GTEST_SKIP() << "this build draws no PNG charts";
  }
  const std::string svg = curves_svg(validated(history_of({0.5, 0.4, 0.3})));
  EXPECT_EQ(test::elements_of(svg, "polyline", "training").size(), 2U);
  const test::Picture picture = test::decode_png(svg_to_png(svg));
  EXPECT_EQ(picture.at(0, 0), (test::Rgb{255, 255, 255}));
  for (const test::Rgb colour : {test::Rgb{0x0b, 0x62, 0xc4}, test::Rgb{0xb6, 0x47, 0x08}}) {
    std::size_t left = 0;
    std::size_t right = 0;
    for (std::size_t y = 0; y < picture.height; ++y) {
      for (std::size_t x = 0; x < picture.width; ++x) {
        std::size_t& half = x < picture.width / 2 ? left : right;
        half += picture.at(x, y) == colour ? 1 : 0;
      }
    }
    EXPECT_GT(left, 200U);
    EXPECT_GT(right, 200U);
  }
}

}  // namespace
}  // namespace qmnist
