#include "host/html/html_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "tests/support/decode_png.h"
#include "tests/support/digit_classes.h"
#include "tests/support/markup.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

using test::elements_of;

constexpr std::size_t kImages = 300;

/// A run of 300 test images; every fifth is predicted as the next class, later ones with more
/// confidence.
class HtmlReportTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < kImages; ++i) {
      const auto label = static_cast<std::uint8_t>(i % kDigitCount);
      const auto read_as =
          static_cast<std::uint8_t>(i % 5 == 0 ? (label + 1) % kDigitCount : label);
      dataset_.labels.push_back(label);
      dataset_.pixels.insert(dataset_.pixels.end(), kPixels, static_cast<std::uint8_t>(i % 256));
      split_.test.push_back(static_cast<std::uint32_t>(i));
      test_.predictions.push_back({.index = static_cast<std::uint32_t>(i),
                                   .label = label,
                                   .predicted = read_as,
                                   .confidence = 0.5F + static_cast<float>(i) / 1000});
      ++test_.confusion[label][read_as];
    }
    split_.train.resize(1000);
    dataset_.classes = test::kDigitNames;
    test_.accuracy = 0.8;
    test_.loss = 0.123456;
    checkpoint_.state = initial_state(network_, 1);
  }

  [[nodiscard]] Config config_with(const std::string& assignment) const {
    test::write_file(folder_ / "run.json", "{}");
    return load_config(folder_ / "run.json", std::vector<std::string>{assignment});
  }

  [[nodiscard]] std::string report() const {
    return html_report({.config = config_,
                        .dataset = dataset_,
                        .split = split_,
                        .network = network_,
                        .checkpoint = checkpoint_,
                        .test = test_,
                        .device = device_,
                        .seconds_load = 0.25,
                        .seconds_test = 0.5});
  }

  test::TemporaryFolder folder_;
  Config config_ = config_with("output.dir=runs/first");
  Dataset dataset_{.source = "mnist",
                   .name = "MNIST",
                   .pixels = {},
                   .labels = {},
                   .parts = {},
                   .files = {{"/data/images.gz", "0123abcd"}, {"/data/labels.gz", "4567ef01"}}};
  Split split_;
  Network network_{kPixels, std::vector<std::size_t>{200, 16}, kDigitCount};
  Evaluation test_ = test::empty_evaluation();
  std::string device_ = "CPU: a fast one, 2 threads";
  Checkpoint checkpoint_{.history = {{.epoch = 1,
                                      .loss = 0.5,
                                      .accuracy = 0.75,
                                      .seconds = 1.5,
                                      .learning_rate = 1e-3,
                                      .validation = {}},
                                     {.epoch = 2,
                                      .loss = 0.25,
                                      .accuracy = 0.875,
                                      .seconds = 0.5,
                                      .learning_rate = 1e-3,
                                      .validation = {}}},
                         .seconds_wall = 2.75};
};

std::vector<test::Element> pictures(const std::string& html, const std::string& alternative) {
  std::vector<test::Element> images = elements_of(html, "img");
  std::erase_if(images, [&](const test::Element& image) {
    return !image.attribute("alt").starts_with(alternative);
  });
  return images;
}

/// The text of a section.
std::string section(const std::string& html, const std::string& id) {
  for (const test::Element& element : elements_of(html, "section")) {
    if (element.attribute("id") == id) {
      return element.text;
    }
  }
  ADD_FAILURE() << "there is no section " << id;
  return "";
}

void expect_in(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "no \"" << part << "\" in:\n" << text;
  }
}

TEST_F(HtmlReportTest, StartsWithTheResult) {
  const std::string html = report();
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\""));
  // sqrt(0.8 * 0.2 / 300) = 0.0231
  EXPECT_EQ(elements_of(html, "title").at(0).text, "first: 80.00 ± 2.31 %");
  EXPECT_EQ(elements_of(html, "h1").at(0).text, "Test accuracy 80.00 ± 2.31 %");
  expect_in(elements_of(html, "header").at(0).text,
            {"first", "240 of 300 test images", "0.1235", "60", "2.00 s", "1,000"});
}

TEST_F(HtmlReportTest, HasEverySectionUnderItsHeading) {
  const std::string html = report();
  std::vector<std::string> ids;
  for (const test::Element& element : elements_of(html, "section")) {
    ids.push_back(element.attribute("id"));
    EXPECT_EQ(element.attribute("aria-labelledby"), ids.back() + "-heading");
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"run", "curves", "confusion", "classes", "mistakes",
                                           "first-layer", "timing", "environment", "config"}));
  EXPECT_EQ(elements_of(html, "h2").size(), ids.size());
  expect_in(section(html, "run"),
            {"157,000", "3,216", "170", "160,386", "MNIST, 300 images of 28 x 28", "1,000",
             "10 epochs, batches of 32, shuffled every epoch, seed 0", "learning rate 0.001",
             "CPU: a fast one, 2 threads"});
  expect_in(section(html, "timing"),
            {"0.25 s", "2.00 s, 1.000 s per epoch", "2.75 s", "0.50 s", "1,000"});
  expect_in(section(html, "environment"),
            {"qmnist_gpu", "images.gz", "0123abcd", "labels.gz", "4567ef01"});
}

TEST_F(HtmlReportTest, IsOneFileThatEveryoneCanRead) {
  const std::string html = report();
  EXPECT_LT(html.size(), 1000000U);
  std::set<std::string> ids;
  for (const test::Element& element : elements_of(html)) {
    EXPECT_NE(element.name, "script");
    EXPECT_NE(element.name, "link");
    for (const char* key : {"src", "href"}) {
      const std::string target = element.attribute(key);
      const bool is_link = element.name == "a" && target == "draw.html";
      EXPECT_TRUE(target.empty() || is_link || target.starts_with("data:")) << target;
    }
    if (element.name == "img") {
      EXPECT_NE(element.attribute("alt"), "");
    } else if (element.name == "th") {
      EXPECT_NE(element.attribute("scope"), "");
    }
    const std::string id = element.attribute("id");
    EXPECT_TRUE(id.empty() || ids.insert(id).second) << id << " stands there twice";
  }
  EXPECT_EQ(html.find("url("), std::string::npos);
  EXPECT_EQ(html.find("@import"), std::string::npos);
  EXPECT_EQ(elements_of(html, "caption").size(), elements_of(html, "table").size());
}

TEST_F(HtmlReportTest, LinksToThePageOnWhichOneDrawsWhereThereIsOne) {
  EXPECT_EQ(elements_of(report(), "a").size(), 1U);
  network_ = {kPixels, std::vector<std::size_t>{4096, 1024}, kDigitCount};
  checkpoint_.state = initial_state(network_, 1);
  EXPECT_TRUE(elements_of(report(), "a").empty());
}

TEST_F(HtmlReportTest, ShowsTheFortyMostConfidentMistakes) {
  const auto images = pictures(report(), "Class ");
  ASSERT_EQ(images.size(), 40U);
  // The last wrong one is image 295, a 5.
  EXPECT_EQ(images[0].attribute("alt"), "Class 5, read as 6");
  const test::Picture picture = test::decode_data_uri(images[0].attribute("src"));
  EXPECT_EQ(picture.width, kImageSide);
  EXPECT_EQ(picture.height, kImageSide);
  EXPECT_EQ(picture.at(3, 7), (test::Rgb{295 % 256, 295 % 256, 295 % 256}));
  expect_in(section(report(), "mistakes"), {"5 read as 6", "79.50 %", "No. 295"});
  EXPECT_EQ(section(report(), "mistakes").find("No. 95"), std::string::npos);  // the 41st
}

TEST_F(HtmlReportTest, SaysSoWhereNothingWasWrong) {
  for (Prediction& row : test_.predictions) {
    row.predicted = row.label;
  }
  EXPECT_TRUE(pictures(report(), "Class ").empty());
  expect_in(section(report(), "mistakes"), {"No misclassified test images"});
}

TEST_F(HtmlReportTest, ShowsTheFirstUnitsOfAWideLayer) {
  float* weights = checkpoint_.state.parameters.data() + network_.layers()[0].weight.offset;
  std::fill_n(weights + kPixels, kPixels, 0.0F);  // unit 1
  weights[kPixels] = 2;
  weights[kPixels + 1] = -2;
  weights[kPixels + 2] = 1;
  const auto images = pictures(report(), "Weights of unit");
  ASSERT_EQ(images.size(), 128U);
  expect_in(section(report(), "first-layer"), {"the first 128 of the 200 units"});
  const test::Picture unit = test::decode_data_uri(images[1].attribute("src"));
  EXPECT_EQ(unit.at(0, 0)[0], 255);
  EXPECT_EQ(unit.at(1, 0)[0], 0);
  EXPECT_EQ(unit.at(2, 0)[0], 191);
  EXPECT_EQ(unit.at(3, 0)[0], 128);
}

TEST_F(HtmlReportTest, ShowsTheAveragedWeightsWhereTheyAreEvaluated) {
  const auto first_unit = [this] {
    return test::decode_data_uri(pictures(report(), "Weights of unit").at(0).attribute("src"));
  };
  const std::size_t unit = network_.layers()[0].weight.offset;
  checkpoint_.state.parameters[unit] = 1;
  EXPECT_EQ(first_unit().at(0, 0)[0], 255);
  checkpoint_.state.ema = checkpoint_.state.parameters;
  checkpoint_.state.ema[unit] = -1;
  EXPECT_EQ(first_unit().at(0, 0)[0], 0);
}

TEST_F(HtmlReportTest, EscapesNamesFromOutside) {
  config_ = config_with("output.dir=runs/<script>alert('1')</script>&\"");
  dataset_.files[0].path = "/data/<img src=x onerror=alert(2)>.gz";
  dataset_.name = "<b>MNIST</b>";
  device_ = "CPU: \x1b[31m</dd>\xff";
  const std::string html = report();
  EXPECT_TRUE(elements_of(html, "script").empty());
  EXPECT_TRUE(elements_of(html, "b").empty());
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(pictures(html, "").size(), 128U + 40U);
  expect_in(section(html, "run"),
            {"<b>MNIST</b>", "runs/<script>alert('1')</script>&\"", "CPU:  [31m</dd>\xef\xbf\xbd"});
  expect_in(section(html, "environment"), {"<img src=x onerror=alert(2)>.gz"});
  expect_in(section(html, "config"), {R"(runs/<script>alert('1')</script>&\"")"});
}

TEST_F(HtmlReportTest, HoldsTheResolvedConfig) {
  const auto texts = elements_of(report(), "pre");
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(Json::parse(texts[0].text), config_json(config_));
}

TEST_F(HtmlReportTest, TheTableOfEpochsHasValidationWhereThereIsOne) {
  EXPECT_EQ(report().find("Validation loss"), std::string::npos);
  for (EpochMetrics& epoch : checkpoint_.history) {
    epoch.validation = {.loss = 0.3141, .accuracy = 0.9265};
  }
  expect_in(section(report(), "curves"), {"Validation loss", "0.3141", "0.9265"});
}

TEST_F(HtmlReportTest, SaysWhichEpochsWeightsItShows) {
  EXPECT_EQ(report().find("best weights"), std::string::npos);
  checkpoint_.best = {.epoch = 1, .loss = 0.3, .parameters = checkpoint_.state.parameters};
  expect_in(section(report(), "run"), {"best weights: epoch 1 of 2"});
}

TEST_F(HtmlReportTest, OfManyEpochsTheTableHasAHundred) {
  checkpoint_.history.resize(5000, checkpoint_.history.back());
  const std::string html = report();
  EXPECT_LT(html.size(), 1000000U);
  expect_in(section(html, "curves"), {"100 of the 5,000 epochs; metrics.csv has all of them"});
}

TEST_F(HtmlReportTest, ADivergedRunHasAReportToo) {
  constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();
  std::ranges::fill(checkpoint_.state.parameters, kNotANumber);
  for (EpochMetrics& epoch : checkpoint_.history) {
    epoch.loss = kNotANumber;
  }
  for (Prediction& row : test_.predictions) {
    row.confidence = kNotANumber;
  }
  test_.loss = kNotANumber;
  const std::string html = report();
  EXPECT_EQ(pictures(html, "").size(), 128U + 40U);
  EXPECT_EQ(elements_of(html, "svg").size(), 2U);
}

}  // namespace
}  // namespace qmnist
