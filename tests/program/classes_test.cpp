#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/data/class_names.h"
#include "host/data/dataset.h"
#include "host/model/model.h"
#include "tests/support/small_run.h"
#include "tests/support/support.h"

namespace qmnist::test {
namespace {

constexpr std::size_t kClassCount = 62;

/// A data set as CSV, an image a line: of class c, column c mod 28 and row c / 28 are white.
std::string csv_of_stripes(std::size_t images) {
  std::string text;
  for (std::size_t i = 0; i < images; ++i) {
    const std::size_t label = i % kClassCount;
    text += std::to_string(label);
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      const bool is_white =
          pixel % kImageSide == label % kImageSide || pixel / kImageSide == label / kImageSide;
      text += is_white ? ",255" : ",0";
    }
    text += '\n';
  }
  return text;
}

/// A run on a data set of 62 classes.
class ManyClassesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder();  // NOLINT(cppcoreguidelines-owning-memory)
    write_file(*folder / "train.csv", csv_of_stripes(20 * kClassCount));
    write_file(*folder / "run.json",
               R"({"data": {"dir": "."}, "training": {"epochs": 10}, "model": {"hidden": [64]},
                   "optimizer": {"learning_rate": 0.003}, "device": "cpu", "output": {"dir": "run"}})");
    trained = new ProgramResult(  // NOLINT(cppcoreguidelines-owning-memory)
        run_qmnist({"--config", *folder / "run.json"}));
  }
  static void TearDownTestSuite() {
    delete folder;   // NOLINT(cppcoreguidelines-owning-memory)
    delete trained;  // NOLINT(cppcoreguidelines-owning-memory)
  }

  static TemporaryFolder* folder;
  static ProgramResult* trained;
};
TemporaryFolder* ManyClassesTest::folder = nullptr;
ProgramResult* ManyClassesTest::trained = nullptr;

TEST_F(ManyClassesTest, AreLearnedAndReported) {
  expect_success(*trained);
  for (const char* text : {"classes   62 (0 to 61)", "the most frequent confusions of 62 classes",
                           "the 20 of 62 classes with the lowest F1"}) {
    expect_contains(trained->output, text);
  }
  const Json summary = read_json(*folder / "run/summary.json");
  EXPECT_GT(summary.at("test_accuracy"), 0.9);
  EXPECT_EQ(summary.at("dataset").at("classes").size(), kClassCount);
  EXPECT_EQ(summary.at("confusion").size(), kClassCount);
  EXPECT_EQ(summary.at("per_class").at(61).at("class"), "61");
}

TEST_F(ManyClassesTest, TheModelHasThem) {
  const auto evaluated =
      run_qmnist({"evaluate", "--model", *folder / "run", "--device", "cpu", "--json"});
  expect_success(evaluated);
  EXPECT_EQ(Json::parse(evaluated.output).at("accuracy"),
            read_json(*folder / "run/summary.json").at("test_accuracy"));
  EXPECT_EQ(read_model(*folder / "run/model.safetensors").classes, numbered_classes(kClassCount));
  for (const char* format : {"onnx", "npz", "cpp"}) {
    const auto exported = run_qmnist({"export", "--model", *folder / "run", "--format", format,
                                      "--output", *folder / "exported"});
    EXPECT_TRUE(exported.status == 0 || exported.status == 2) << format;  // 2: not in this build
  }
}

TEST_F(ManyClassesTest, AreNotThoseOfOtherData) {
  const std::string digits = (source_dir() / "data/t10k-images-idx3-ubyte.gz").string();
  const std::string model = (*folder / "run").string();
  Model named = read_model(*folder / "run/model.safetensors");
  for (std::size_t label = 0; label < named.classes.size(); ++label) {
    named.classes[label] = "class " + std::to_string(label);
  }
  write_safetensors(*folder / "named.safetensors",
                    to_content(named.network, named.parameters, named.classes));
  write_file(*folder / "more.csv",
             csv_of_stripes(1).replace(0, 1, "62"));  // a label that the model has not
  expect_error(run_qmnist({"evaluate", "--model", model, "--data", *folder / "more.csv"}), 3,
               {"its classes are 62 (0 to 61), but those of more.csv are 63 (0 to 62)"});
  expect_error(run_qmnist({"evaluate", "--model", model, *folder / "named.safetensors", "--data",
                           *folder / "train.csv"}),
               3, {"its classes are 62 (class 0, class 1, class 2, ...), those of "});
  const auto labelled = run_qmnist({"evaluate", "--model", *folder / "named.safetensors", "--data",
                                    *folder / "train.csv", "--device", "cpu"});
  expect_success(labelled);
  expect_contains(labelled.output, "class 19");
}

}  // namespace
}  // namespace qmnist::test
