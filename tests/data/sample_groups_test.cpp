#include "host/data/sample_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/support.h"

namespace qmnist {
namespace {

using Kind = DataPart::Kind;

/// A data set of these parts whose labels are 0, 1, ..., 9, 0, ... and whose files lie in `folder`.
Dataset dataset_of(std::vector<DataPart> parts, const std::filesystem::path& folder) {
  Dataset dataset{.source = "qmnist",
                  .name = "QMNIST",
                  .pixels = {},
                  .labels = {},
                  .parts = std::move(parts),
                  .files = {{folder / "images", ""}},
                  .is_mnist = true};
  for (const DataPart& part : dataset.parts) {
    for (std::size_t i = 0; i < part.count; ++i) {
      dataset.labels.push_back(static_cast<std::uint8_t>(i % kDigitCount));
    }
  }
  return dataset;
}

/// QMNIST's labels of `count` such images, the second half of them from form 4.
std::string group_labels(std::size_t count) {
  std::string file{0, 0, 0x0C, 2, 0, 0, 0, static_cast<char>(count), 0, 0, 0, 8};
  for (std::size_t i = 0; i < count; ++i) {
    const std::array<char, 2> columns{static_cast<char>(i % kDigitCount),
                                      i < count / 2 ? '\0' : '\4'};
    for (std::size_t column = 0; column < 8; ++column) {
      file += std::string(3, '\0') + (column < columns.size() ? columns.at(column) : '\0');
    }
  }
  return file;
}

std::vector<std::string> names_of(const std::vector<SampleGroup>& groups) {
  std::vector<std::string> names;
  names.reserve(groups.size());
  for (const SampleGroup& group : groups) {
    names.push_back(group.name);
  }
  return names;
}

TEST(SampleGroupsTest, LargeTestFilesOfOtherSetsAreWhole) {
  Dataset dataset = dataset_of({{Kind::kTest, 10002}}, "x");
  EXPECT_EQ(sample_groups(dataset).size(), 2U);
  dataset.is_mnist = false;
  EXPECT_EQ(names_of(sample_groups(dataset)), std::vector<std::string>{"test file"});
}

TEST(SampleGroupsTest, TellsFilesApart) {
  const auto groups = sample_groups(dataset_of({{Kind::kTraining, 3}, {Kind::kTest, 10002}}, "x"));
  ASSERT_EQ(names_of(groups),
            (std::vector<std::string>{"training file", "test file, first 10,000 (MNIST's)",
                                      "test file, the rest (QMNIST's)"}));
  EXPECT_EQ(std::ranges::count(groups[0].members, true), 3);
  EXPECT_TRUE(groups[0].members[2]);
  EXPECT_EQ(std::ranges::count(groups[1].members, true), 10000);
  EXPECT_TRUE(groups[1].members[3]);
  EXPECT_EQ(std::ranges::count(groups[2].members, true), 2);
  EXPECT_TRUE(groups[2].members[10004]);
}

TEST(SampleGroupsTest, TellsFormsApartWhereTheLabelsAgree) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "qmnist-test-labels-idx2-int", group_labels(20));
  // MNIST has fewer test images than QMNIST.
  const Dataset dataset = dataset_of({{Kind::kTraining, 5}, {Kind::kTest, 14}}, folder.path());
  const auto groups = sample_groups(dataset);
  ASSERT_EQ(names_of(groups),
            (std::vector<std::string>{"training file", "test file", "written on form hsf_0",
                                      "written on form hsf_4"}));
  for (std::size_t i = 0; i < dataset.count(); ++i) {
    EXPECT_EQ(groups[2].members[i], i >= 5 && i < 15) << i;
    EXPECT_EQ(groups[3].members[i], i >= 15) << i;
  }
}

TEST(SampleGroupsTest, OtherSetsHaveNoForms) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "qmnist-test-labels-idx2-int", group_labels(20));
  Dataset dataset = dataset_of({{Kind::kTest, 20}}, folder.path());
  EXPECT_EQ(sample_groups(dataset).size(), 3U);
  dataset.is_mnist = false;
  EXPECT_EQ(names_of(sample_groups(dataset)), std::vector<std::string>{"test file"});
}

TEST(SampleGroupsTest, OtherLabelsSayNothing) {
  const test::TemporaryFolder folder;
  std::string labels = group_labels(20);
  labels[12 + 32 + 3] = 7;  // the second image is a 1
  test::write_file(folder / "qmnist-test-labels-idx2-int", labels);
  EXPECT_EQ(sample_groups(dataset_of({{Kind::kTest, 20}}, folder.path())).size(), 1U);

  test::write_file(folder / "qmnist-test-labels-idx2-int", group_labels(19));
  EXPECT_EQ(sample_groups(dataset_of({{Kind::kTest, 20}}, folder.path())).size(), 1U);
}

}  // namespace
}  // namespace qmnist
