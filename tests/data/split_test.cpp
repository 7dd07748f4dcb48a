#include "host/data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/data/sha256.h"
#include "host/data/shuffle.h"
#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

using Indices = std::vector<std::uint32_t>;

Indices count_up(std::size_t count) {
  Indices indices(count);
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

Indices joined(Indices first, const Indices& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string digest(const Indices& indices) {
  std::string bytes;
  for (const std::uint32_t index : indices) {
    for (const unsigned shift : {0U, 8U, 16U, 24U}) {
      bytes += static_cast<char>(index >> shift & 0xFFU);
    }
  }
  const test::TemporaryFolder folder;
  test::write_file(folder / "indices", bytes);
  return sha256_of_file(folder / "indices");
}

/// Compares with a case of split_vectors.json; make_split_vectors.py says what its values mean.
void expect_part(const Indices& part, const nlohmann::json& expected, const std::string& name) {
  const Indices head = expected.at(name + "_head");
  const Indices tail = expected.at(name + "_tail");
  ASSERT_EQ(part.size(), expected.at(name + "_count").get<std::size_t>());
  ASSERT_GE(part.size(), head.size());
  EXPECT_TRUE(std::ranges::equal(head, std::span(part).first(head.size())));
  EXPECT_TRUE(std::ranges::equal(tail, std::span(part).last(tail.size())));
  EXPECT_EQ(digest(part), expected.at(name + "_sha256").get<std::string>());
}

TEST(SplitTest, GivesWhatScikitLearnGives) {
  const auto vectors = nlohmann::json::parse(
      test::read_file(test::source_dir() / "tests/fixtures/split/split_vectors.json"));
  ASSERT_GE(vectors.at("cases").size(), 20U);
  for (const nlohmann::json& expected : vectors.at("cases")) {
    SCOPED_TRACE(expected.dump());
    const Split split =
        notebook_split(expected.at("n"), expected.at("test_size"), expected.at("random_state"), 0);
    expect_part(split.test, expected, "test");
    expect_part(split.train, expected, "train");
    EXPECT_TRUE(split.validation.empty());
  }
}

TEST(SplitTest, EveryImageIsInOnePart) {
  for (const std::size_t count : {3U, 10U, 1000U, 65537U}) {
    const Split split = notebook_split(count, 0.2, 42, 0.3);
    EXPECT_FALSE(split.validation.empty());
    Indices all = joined(joined(split.test, split.train), split.validation);
    std::ranges::sort(all);
    EXPECT_EQ(all, count_up(count));
  }
}

TEST(SplitTest, ValidationIsTheLastPartOfTheTrainingPart) {
  const Split whole = notebook_split(1000, 0.2, 42, 0);
  for (const double fraction : {0.001, 0.1, 0.3, 0.5, 0.99}) {
    const Split split = notebook_split(1000, 0.2, 42, fraction);
    EXPECT_EQ(split.test, whole.test);
    EXPECT_EQ(joined(split.train, split.validation), whole.train);
  }
}

// What math.floor(count * (1.0 - fraction)) gives in Python, as Keras computes it: 1 - 0.9 is below
// 0.1, so floor takes one image more away.
TEST(SplitTest, ValidationIsRoundedAsKerasDoes) {
  struct Case {
    std::size_t count;
    double fraction;
    std::size_t train;
  };
  for (const auto& [count, fraction, train] :
       {Case{8, 0.25, 6}, Case{80, 0.1, 72}, Case{100, 0.9, 9}, Case{100, 0.8, 19},
        Case{10, 0.3, 7}, Case{8, 0.1, 7}, Case{7, 0.5, 3}, Case{56000, 0.1, 50400}}) {
    const Split split = notebook_split(count, 0, 42, fraction);
    EXPECT_EQ(split.train.size(), train) << count << " " << fraction;
    EXPECT_EQ(split.validation.size(), count - train);
  }
}

TEST(SplitTest, NothingLeftToTrainOnThrows) {
  struct Case {
    std::size_t count;
    double test;
    double validation;
  };
  for (const auto& [count, test, validation] :
       {Case{0, 0.2, 0}, Case{1, 0.2, 0}, Case{10, 1, 0}, Case{10, 0.91, 0}, Case{10, 0, 0.9},
        Case{2, 0.5, 0.1}, Case{10, 0.2, 0.99}, Case{10, 1.5, 0}}) {
    try {
      (void)notebook_split(count, test, 42, validation);
      ADD_FAILURE() << count << " " << test << " " << validation;
    } catch (const UsageError& error) {
      EXPECT_EQ(error.status(), ExitStatus::kUsage);
      EXPECT_NE(std::string_view(error.what()).find("data.test_fraction"), std::string::npos);
      EXPECT_NE(std::string_view(error.what()).find("data.validation_fraction"), std::string::npos);
    }
  }
  EXPECT_EQ(notebook_split(1, 0, 42, 0).train, Indices{0});
}

/// A data set of files with so many images.
Dataset files_with(std::vector<DataPart> parts) {
  Dataset dataset;
  dataset.name = "Parts";
  for (const DataPart& part : parts) {
    dataset.labels.resize(dataset.labels.size() + part.count);
  }
  dataset.parts = std::move(parts);
  return dataset;
}

constexpr auto kTraining = DataPart::Kind::kTraining;
constexpr auto kTest = DataPart::Kind::kTest;
constexpr auto kOther = DataPart::Kind::kOther;

TEST(OfficialSplitTest, TakesTheFilesInTheirOrder) {
  const Split split = official_split(
      files_with({{kTest, 2}, {kTraining, 3}, {kOther, 1}, {kTest, 1}, {kTraining, 2}}), 42, 0);
  EXPECT_EQ(split.train, (Indices{2, 3, 4, 7, 8}));
  EXPECT_TRUE(split.validation.empty());
  EXPECT_EQ(split.test, (Indices{0, 1, 6}));
}

// The permutation of 10 is NumPy's, as in ShuffleTest.
TEST(OfficialSplitTest, ValidationIsTheLastPartOfThePermutedTrainingImages) {
  const Dataset dataset = files_with({{kTest, 100}, {kTraining, 10}});
  const Split split = official_split(dataset, 42, 0.3);
  EXPECT_EQ(split.train, (Indices{108, 101, 105, 100, 107, 102, 109}));
  EXPECT_EQ(split.validation, (Indices{104, 103, 106}));
  EXPECT_EQ(split.test, count_up(100));
  EXPECT_NE(official_split(dataset, 43, 0.3).validation, split.validation);
}

TEST(OfficialSplitTest, IsMnists60000And10000) {
  const Split split = official_split(files_with({{kTraining, 60000}, {kTest, 10000}}), 42, 0);
  EXPECT_EQ(split.train, count_up(60000));
  EXPECT_EQ(split.test.size(), 10000U);
  EXPECT_EQ(joined(split.train, split.test), count_up(70000));
}

TEST(OfficialSplitTest, NamesWhatTheDataSetLacks) {
  struct Case {
    std::vector<DataPart> parts;
    double validation;
    const char* message;
  };
  constexpr const char* kNoParts =
      "data.split is \"official\", but Parts does not come in training and test files; set "
      "data.split to \"notebook\"";
  for (const auto& [parts, validation, message] :
       {Case{{{kOther, 9}}, 0, kNoParts}, Case{{{kTraining, 9}}, 0, kNoParts},
        Case{{{kTraining, 9}, {kTest, 0}}, 0, kNoParts}, Case{{{kTest, 9}}, 0, kNoParts},
        Case{{{kTraining, 9}, {kTest, 9}},
             0.9,
             "data.validation_fraction 0.9 leaves none of 9 training images to train on; make it "
             "smaller"}}) {
    try {
      (void)official_split(files_with(parts), 42, validation);
      ADD_FAILURE() << message;
    } catch (const UsageError& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
}

TEST(SplitDatasetTest, FollowsTheSettings) {
  const Dataset dataset = files_with({{kTraining, 30}, {kTest, 20}});
  DataSettings settings{.test_fraction = 0.3, .split_seed = 7, .validation_fraction = 0.25};
  const Split notebook = split_dataset(settings, dataset);
  const Split expected = notebook_split(50, 0.3, 7, 0.25);
  EXPECT_EQ(notebook.train, expected.train);
  EXPECT_EQ(notebook.validation, expected.validation);
  EXPECT_EQ(notebook.test, expected.test);

  settings.split = SplitRule::kOfficial;
  const Split official = split_dataset(settings, dataset);
  EXPECT_EQ(official.train, official_split(dataset, 7, 0.25).train);
  EXPECT_EQ(official.validation.size(), 8U);
  EXPECT_EQ(official.test.size(), 20U);
}

// The values are what NumPy 2.4's RandomState(seed).shuffle(numpy.arange(n)) leaves.
TEST(ShuffleTest, GivesWhatNumpyGives) {
  std::mt19937 generator(42);  // NOLINT: always the same numbers
  Indices items = count_up(10);
  numpy_shuffle(items, generator);
  EXPECT_EQ(items, (Indices{8, 1, 5, 0, 7, 2, 9, 4, 3, 6}));
  numpy_shuffle(items, generator);
  EXPECT_EQ(items, (Indices{8, 1, 3, 2, 0, 7, 4, 6, 9, 5}));

  generator.seed(4294967295U);  // NOLINT: likewise
  items = count_up(17);
  numpy_shuffle(items, generator);
  EXPECT_EQ(items, (Indices{8, 1, 5, 14, 10, 15, 16, 13, 11, 9, 6, 0, 4, 7, 12, 2, 3}));
}

TEST(ShuffleTest, FewerThanTwoItemsTakeNoRandomNumber) {
  std::mt19937 generator(42);  // NOLINT: always the same numbers
  Indices items;
  numpy_shuffle(items, generator);
  EXPECT_TRUE(items.empty());
  items = {7};
  numpy_shuffle(items, generator);
  EXPECT_EQ(items, Indices{7});
  EXPECT_EQ(generator, std::mt19937(42));  // NOLINT: likewise
}

}  // namespace
}  // namespace qmnist
