// The commands that look at finished runs, from outside.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/markup.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// A run that all tests of this file look at.
class AfterTrainingTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_run = std::make_unique<SmallRun>();
    expect_success(shared_run->train({"--quiet"}));
  }
  static void TearDownTestSuite() { shared_run.reset(); }

  static const SmallRun& run() { return *shared_run; }

  static void expect_refusal(const std::vector<std::string>& arguments, int status,
                             std::initializer_list<std::string_view> fragments) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const ProgramResult result = run_qmnist(arguments);
    expect_error(result, status, fragments);
    EXPECT_TRUE(result.output.empty()) << result.output;
  }

 private:
  inline static std::unique_ptr<SmallRun> shared_run;
};

Json evaluate(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"evaluate", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProgramResult result = run_qmnist(arguments);
  expect_success(result);
  return Json::parse(result.output);
}

TEST_F(AfterTrainingTest, EvaluationRepeatsTheRunsOwn) {
  const Json summary = read_json(run().file("summary.json"));
  for (const fs::path& model : {run().output(), run().file("model.safetensors")}) {
    const Json result = evaluate({"--model", model});
    EXPECT_EQ(result.at("images"), kTestDigits);
    EXPECT_EQ(result.at("accuracy"), summary.at("test_accuracy"));
    EXPECT_EQ(result.at("accuracy_deviation"), summary.at("test_accuracy_deviation"));
    EXPECT_EQ(result.at("loss"), summary.at("test_loss"));
    EXPECT_EQ(result.at("confusion"), summary.at("confusion"));
    EXPECT_EQ(result.at("per_class"), summary.at("per_class"));
  }
}

TEST_F(AfterTrainingTest, EvaluationShowsTablesAndFiles) {
  const ProgramResult result =
      run_qmnist({"evaluate", "--model", run().output(), "--device", "cpu"});
  expect_success(result);
  for (const char* text : {"the run's test set", "784-", "true \\ predicted", "precision",
                           "training file", "test file", "Accuracy ", " ± ", "loss "}) {
    expect_contains(result.output, text);
  }
}

TEST_F(AfterTrainingTest, EvaluationSaysWhichDeviceAutoUses) {
  const ProgramResult result = run_qmnist({"evaluate", "--model", run().output()});
  expect_success(result);
  expect_contains(result.output, "(device auto: using ");
}

TEST_F(AfterTrainingTest, ShippedLabelsTellWritersApart) {
  const fs::path images = source_dir() / "data/t10k-images-idx3-ubyte.gz";
  const Json result = evaluate({"--model", run().output(), "--data", images});
  EXPECT_EQ(result.at("images"), 10000);
  ASSERT_EQ(result.at("groups").size(), 3U);
  EXPECT_EQ(result["groups"][0]["name"], "test file");
  EXPECT_EQ(result["groups"][1]["name"], "written on form hsf_0");
  EXPECT_EQ(result["groups"][1]["images"], 4999);
  EXPECT_EQ(result["groups"][2]["images"], 5001);
  const double both = result["groups"][1]["accuracy"].get<double>() * 4999 +
                      result["groups"][2]["accuracy"].get<double>() * 5001;
  EXPECT_NEAR(both, result["accuracy"].get<double>() * 10000, 1e-6);
  EXPECT_GT(result["groups"][1]["accuracy"],
            result["groups"][2]["accuracy"]);  // pupils write worse
}

TEST_F(AfterTrainingTest, EvaluationTakesAWholeFolder) {
  const Json result = evaluate({"--model", run().output(), "--data", run().folder() / "data"});
  EXPECT_EQ(result.at("images"), kDigits);
}

TEST_F(AfterTrainingTest, EnsembleOfOneModelTwiceIsThatModel) {
  Json one = evaluate({"--model", run().output()});
  const Json two = evaluate({"--model", run().output(), run().file("model.safetensors")});
  EXPECT_EQ(one.at("models"), 1);
  EXPECT_EQ(two.at("models"), 2);
  one["models"] = 2;
  EXPECT_EQ(two, one);
}

TEST_F(AfterTrainingTest, EnsembleOfRunsIsTestedOnTheirTestPart) {
  const SmallRun other(Json{{"training", {{"seed", 1}}}});  // on copies of the same files
  expect_success(other.train({"--quiet"}));
  const Json both = evaluate({"--model", run().output(), "--model", other.output()});
  EXPECT_EQ(both.at("images"), kTestDigits);
  // -log of a mean is below the mean of -log.
  const double losses = evaluate({"--model", run().output()}).at("loss").get<double>() +
                        evaluate({"--model", other.output()}).at("loss").get<double>();
  EXPECT_LT(both.at("loss").get<double>(), losses / 2);
  const ProgramResult text = run_qmnist({"evaluate", "--model", run().output(), other.output()});
  expect_success(text);
  expect_contains(text.output, "ensemble of 2 models");
  expect_contains(text.output, "the runs' test set");
}

TEST_F(AfterTrainingTest, EnsembleNamesHowItsTestPartsDiffer) {
  const SmallRun other(Json{{"data", {{"split_seed", 7}}}});
  expect_success(other.train({"--quiet"}));
  const fs::path data = run().data("").parent_path();
  expect_refusal({"evaluate", "--model", run().output(), other.output()}, 2,
                 {other.output().c_str(), "data.split_seed is 7", "is 42", "--data"});
  EXPECT_EQ(evaluate({"--model", run().output(), other.output(), "--data", data}).at("images"),
            kDigits);

  const SmallRun changed;
  expect_success(changed.train({"--quiet"}));
  std::string bytes = read_file(changed.data("t10k-images-idx3-ubyte"));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(changed.data("t10k-images-idx3-ubyte"), bytes);
  expect_refusal({"evaluate", "--model", run().output(), changed.output()}, 2,
                 {changed.output().c_str(), "data files", "--data"});
}

TEST_F(AfterTrainingTest, EvaluationTakesTheTestFileOfTheOfficialSplit) {
  const SmallRun official(Json{{"data", {{"split", "official"}}}});
  expect_success(official.train({"--quiet"}));
  const Json result = evaluate({"--model", official.output()});
  EXPECT_EQ(result.at("images"), kTestFileDigits);
  ASSERT_FALSE(result.at("groups").empty());
  EXPECT_EQ(result["groups"][0]["name"], "test file");
  EXPECT_EQ(result.at("accuracy"), read_json(official.file("summary.json")).at("test_accuracy"));
  expect_contains(run_qmnist({"evaluate", "--model", official.output()}).output,
                  "300 of 1,000 images, the run's test set (split: official)");

  // The official test set depends neither on a fraction nor on a seed.
  const SmallRun same(
      Json{{"data", {{"split", "official"}, {"split_seed", 7}, {"test_fraction", 0.5}}}});
  expect_success(same.train({"--quiet"}));
  EXPECT_EQ(evaluate({"--model", official.output(), same.output()}).at("images"), kTestFileDigits);

  expect_refusal({"evaluate", "--model", run().output(), official.output()}, 2,
                 {official.output().c_str(), "data.split is \"official\"", run().output().c_str(),
                  "is \"notebook\"", "--data"});
  expect_refusal({"compare", run().output(), official.output()}, 2,
                 {official.output().c_str(), "data.split is \"official\"", run().output().c_str(),
                  "is \"notebook\"", "same split"});
}

TEST_F(AfterTrainingTest, EvaluationReadsFilesAsTheRunDid) {
  const SmallRun own(
      Json{{"data", {{"split", "official"}, {"transpose", true}, {"first_label", 1}}}});
  for (const char* labels : {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"}) {
    constexpr std::size_t kHeader = 8;
    std::string bytes = read_file(own.data(labels));
    std::ranges::for_each(std::span(bytes).subspan(kHeader), [](char& label) { ++label; });
    write_file(own.data(labels), bytes);
  }
  expect_success(own.train({"--quiet"}));
  const fs::path images = own.data("t10k-images-idx3-ubyte");
  const Json result = evaluate({"--model", own.output(), "--data", images});
  const Json expected = evaluate({"--model", own.output()});
  EXPECT_EQ(result.at("images"), kTestFileDigits);
  EXPECT_EQ(result.at("loss"), expected.at("loss"));
  EXPECT_EQ(result.at("confusion"), expected.at("confusion"));

  const fs::path shipped = source_dir() / "data/t10k-images-idx3-ubyte.gz";  // a known set
  EXPECT_EQ(evaluate({"--model", own.output(), "--data", shipped}).at("images"), 10000);
  EXPECT_EQ(evaluate({"--model", own.output(), "--data", source_dir() / "data"}).at("images"),
            70000);
  expect_refusal({"evaluate", "--model", run().output(), own.output(), "--data", images}, 2,
                 {own.output().c_str(), "data.transpose or data.first_label"});
}

TEST_F(AfterTrainingTest, EvaluationNamesWhatIsMissing) {
  expect_refusal({"evaluate"}, 2, {"--model"});
  expect_refusal({"evaluate", "--model", run().folder()}, 3,
                 {run().folder().c_str(), "no model.safetensors"});
  expect_refusal({"evaluate", "--model", "nowhere"}, 3, {"nowhere"});
  expect_refusal({"evaluate", "--model", run().config()}, 3, {"config.json", "safetensors"});
  expect_refusal({"evaluate", "--model", run().output(), "--device", "tpu"}, 2, {"tpu", "cpu"});
  expect_refusal({"evaluate", "--model", run().output(), "--data", "nowhere"}, 3, {"nowhere"});
  expect_refusal({"evaluate", "--model", run().output(), "--data", run().config()}, 3,
                 {"images-idx3-ubyte"});
  expect_refusal({"--quiet", "evaluate", "--model", run().output()}, 2, {"after the command"});

  const TemporaryFolder folder;
  fs::copy_file(run().file("model.safetensors"), folder / "model.safetensors");
  expect_refusal({"evaluate", "--model", folder / "model.safetensors"}, 2, {"--data"});
  fs::copy_file(run().data("t10k-images-idx3-ubyte"), folder / "t10k-images-idx3-ubyte");
  expect_refusal({"evaluate", "--model", folder / "model.safetensors", "--data",
                  folder / "t10k-images-idx3-ubyte"},
                 3, {"no labels in its folder", "t10k-labels-idx1-ubyte"});
}

TEST_F(AfterTrainingTest, EvaluationOnFilesLeavesOutAnotherProgramsConfig) {
  const TemporaryFolder folder;
  fs::copy_file(run().file("model.safetensors"), folder / "model.safetensors");
  write_file(folder / "config.json", R"({"model_type": "mlp"})");
  EXPECT_EQ(evaluate({"--model", folder / "model.safetensors", "--data",
                      run().data("t10k-images-idx3-ubyte")})
                .at("images"),
            kTestFileDigits);
  expect_refusal({"evaluate", "--model", folder / "model.safetensors"}, 2, {"model_type"});
}

TEST_F(AfterTrainingTest, ComparisonShowsDifferencesAndSignificance) {
  const SmallRun other({{"training", {{"epochs", 1}}}, {"optimizer", {{"learning_rate", 1e-6}}}});
  EXPECT_EQ(other.train({"--quiet"}).status, 0);  // with a warning: it learns nothing
  const ProgramResult result =
      run_qmnist({"compare", run().output(), other.output(), run().output()});
  expect_success(result);
  for (const char* text : {"accuracy", "optimizer.learning_rate", "training.epochs", "1e-06",
                           "significantly worse", "do not differ significantly", "McNemar"}) {
    expect_contains(result.output, text);
  }
  EXPECT_EQ(result.output.find("training.seed"), std::string::npos);
}

TEST_F(AfterTrainingTest, ComparisonIsAPageToo) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_qmnist({"compare", run().output(), run().output(), "--html", folder / "page.html"});
  expect_success(result);
  const std::string page = read_file(folder / "page.html");
  EXPECT_EQ(elements_of(page, "table").size(), 2U);
  EXPECT_EQ(elements_of(page, "h1").size(), 1U);
  expect_contains(elements_of(page, "p").at(0).text, "do not differ significantly");
  expect_refusal({"compare", run().output(), run().output(), "--html", "/nowhere/page.html"}, 2,
                 {"/nowhere"});
}

TEST_F(AfterTrainingTest, ComparisonNamesWhatIsDamaged) {
  expect_refusal({"compare", run().output()}, 2, {"RUN"});
  expect_refusal({"compare", run().output(), run().folder()}, 3, {"summary.json"});
  const TemporaryFolder folder;
  for (const char* name : {"config.json", "summary.json", "predictions.csv"}) {
    fs::copy_file(run().file(name), folder / name);
  }
  const std::string good = read_file(folder / "predictions.csv");
  for (const char* row :
       {"1,2,3", "1,2,3,0.5,6", "x,2,3,0.5", "1,2,10,0.5", "1,-2,3,0.5", "", "1,2,3,"}) {
    write_file(folder / "predictions.csv", good + row + "\n");
    expect_refusal({"compare", run().output(), folder.path()}, 3,
                   {"predictions.csv", fmt::format("line {}", kTestDigits + 2)});
  }
  write_file(folder / "predictions.csv", "other columns\n");
  expect_refusal({"compare", run().output(), folder.path()}, 3, {"line 1", "index,label"});
  write_file(folder / "predictions.csv", "");
  expect_refusal({"compare", run().output(), folder.path()}, 3, {"no prediction"});
  write_file(folder / "predictions.csv", good);
  write_file(folder / "summary.json", "[]");
  expect_refusal({"compare", run().output(), folder.path()}, 3, {"summary.json"});
  write_file(folder / "summary.json", "{\"test_accuracy\": ");
  expect_refusal({"compare", run().output(), folder.path()}, 3, {"summary.json"});
}

TEST_F(AfterTrainingTest, InfoDrawsHowTrainingDistorts) {
  const std::filesystem::path data = run().folder() / "data";
  const TemporaryFolder folder;
  const std::string sheet = folder / "sheet.png";
  const ProgramResult result = run_qmnist({"info", "--augment", sheet, "--data", data});
  expect_success(result);
  expect_contains(result.output, "Wrote " + sheet + ": each digit, and nine distortions");
  EXPECT_EQ(read_file(sheet).substr(1, 3), "PNG");
  const std::string baseline = source_dir() / "configs/baseline.json";
  expect_refusal({"info", "--augment", sheet, "--data", data, "--config", baseline}, 2,
                 {"baseline.json: this config has no augmentation"});
  expect_refusal({"info", "--config", baseline}, 2, {"--config", "--augment"});
}

TEST_F(AfterTrainingTest, InfoTellsOfBuildDevicesAndData) {
  const ProgramResult result = run_qmnist({"info", "--data", run().folder() / "data"});
  expect_success(result);
  for (const char* text : {"qmnist_gpu ", "build ", "libraries ", "Highway 1.", "CPU ", "threads",
                           "GPU ", "IDX files, 10 classes, 1,000 images", "QMNIST_ONNX O"}) {
    expect_contains(result.output, text);
  }
  const ProgramResult nothing = run_qmnist({"info", "--data", "nowhere"});
  expect_success(nothing);
  expect_contains(nothing.output, "none: nowhere");
}

TEST(CommandsTest, EachHasAHelpWithAnExampleAndALineForEachOption) {
  for (const char* command :
       {"train", "evaluate", "compare", "export", "info", "predict", "sweep"}) {
    SCOPED_TRACE(command);
    const ProgramResult result = run_qmnist({command, "--help"});
    expect_success(result);
    expect_contains(result.output, fmt::format("Usage: qmnist_gpu {}", command));
    expect_contains(result.output, "Example");
    expect_contains(result.output, fmt::format("\n  qmnist_gpu {} ", command));
    EXPECT_EQ(result.output.find("Exit status"), std::string::npos);
    expect_contains(run_qmnist({"--help"}).output, fmt::format("\n  {} ", command));
    std::istringstream lines(result.output);
    std::size_t options = 0;
    bool is_described = true;  // the option above, next to it or on its own line
    for (std::string line; std::getline(lines, line);) {
      const bool is_option =
          line.starts_with("  -") || line.starts_with("  IMAGE") || line.starts_with("  RUN");
      EXPECT_TRUE(is_described || line.starts_with("      ")) << "nothing is said before " << line;
      is_described = !is_option || line.size() > 36;
      options += is_option ? 1 : 0;
      EXPECT_LE(line.size(), 100U) << line;
    }
    EXPECT_GT(options, 1U);
  }
}

}  // namespace
}  // namespace qmnist::test
