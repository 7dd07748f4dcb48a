#include "host/export/exporters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <string>

#include "host/error.h"
#include "tests/support/small_model.h"

namespace qmnist {

std::ostream& operator<<(std::ostream& out, const Exporter& exporter) {  // for GoogleTest
  return out << exporter.name << ' ' << exporter.input;
}

namespace {

std::string test_name(const testing::TestParamInfo<Exporter>& info) {
  return fmt::format("{}{}{}", info.param.name, info.param.input.empty() ? "" : "_",
                     info.param.input);
}

class ExporterTest : public testing::TestWithParam<Exporter> {
 protected:
  /// Whether this build writes the format; checks the error if it does not.
  [[nodiscard]] static bool is_in_build() {
    const bool is_missing = (GetParam().name == "onnx" && QMNIST_HAS_ONNX == 0) ||
                            (GetParam().name == "npz" && QMNIST_HAS_NPZ == 0);
    if (is_missing) {
      try {
        (void)test::exported(GetParam(), test::initial_model({7}));
        ADD_FAILURE() << "there was no UsageError";
      } catch (const UsageError& error) {
        EXPECT_TRUE(std::string_view(error.what()).starts_with("this build writes no "))
            << error.what();
      }
    }
    return !is_missing;
  }
};
INSTANTIATE_TEST_SUITE_P(All, ExporterTest, testing::ValuesIn(exporters()), test_name);

TEST_P(ExporterTest, IsFoundByNameAndInput) {
  const Exporter& exporter = GetParam();
  EXPECT_EQ(find_exporter(exporter.name, exporter.input).usage, exporter.usage);
  EXPECT_EQ(find_exporter(exporter.name).name, exporter.name);
  EXPECT_NE(exporter_table().find(exporter.description), std::string::npos);
}

TEST_P(ExporterTest, UsageNamesTheFileOnce) {
  EXPECT_EQ(std::ranges::count(GetParam().usage, '%'), 1);
  EXPECT_FALSE(GetParam().file.empty());
}

TEST_P(ExporterTest, WritesEveryActivation) {
  if (!is_in_build()) {
    GTEST_SKIP() << "not in this build";
  }
  for (const ActivationChoice& activation : kActivations) {
    SCOPED_TRACE(activation.name);
    for (const std::vector<std::size_t>& hidden : {std::vector<std::size_t>{}, {7}, {9, 7}}) {
      const Model model = test::initial_model(hidden, activation.value);
      const std::string content = test::exported(GetParam(), model);
      EXPECT_GT(content.size(), kPixels);
      EXPECT_TRUE(content == test::exported(GetParam(), model)) << "other bytes the second time";
    }
  }
}

TEST_P(ExporterTest, WritesEveryWeight) {
  if (!is_in_build()) {
    GTEST_SKIP() << "not in this build";
  }
  Model model = test::initial_model({7});
  const std::string before = test::exported(GetParam(), model);
  for (const Tensor& tensor : model.network.tensors()) {
    float& last = model.parameters[tensor.offset + tensor.size - 1];
    last += 1;
    EXPECT_FALSE(test::exported(GetParam(), model) == before) << tensor.name;
    last -= 1;
  }
}

TEST(ExportersTest, OptionsAreOneToOne) {
  std::set<std::pair<std::string_view, std::string_view>> options;
  for (const Exporter& exporter : exporters()) {
    EXPECT_TRUE(options.emplace(exporter.name, exporter.input).second) << exporter.name;
  }
  const auto names = exporter_names();
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

TEST(ExportersTest, WhatIsUnknownIsNamed) {
  const auto error_of = [](std::string_view name, std::string_view input) -> std::string {
    try {
      (void)find_exporter(name, input);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_TRUE(error_of("pdf", "").starts_with("--format pdf: expected onnx, npz, "))
      << error_of("pdf", "");
  EXPECT_EQ(error_of("npz", "float32"),
            "--input float32 is an option of --format onnx only; leave it out with --format npz");
}

}  // namespace
}  // namespace qmnist
