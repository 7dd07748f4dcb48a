#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/gpu.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

using Fragments = std::initializer_list<std::string_view>;

/// Expects the small run with these arguments to end with that error before it prints or writes.
void expect_refusal(const SmallRun& run, const std::vector<std::string>& more, int status,
                    Fragments fragments) {
  SCOPED_TRACE(testing::PrintToString(more));
  const ProgramResult result = run.train(more);
  expect_error(result, status, fragments);
  EXPECT_TRUE(result.output.empty()) << result.output;
  EXPECT_FALSE(fs::exists(run.output()));
}

void expect_bad_set(const std::string& assignment, Fragments fragments) {
  expect_refusal(SmallRun(), {"--set", assignment}, 2, fragments);
}

/// Expects a config with this text to be refused with its name.
void expect_bad_config(const std::string& text, Fragments fragments) {
  SCOPED_TRACE(text);
  const SmallRun run;
  write_file(run.config(), text);
  expect_refusal(run, {}, 2, {"config.json"});
  expect_refusal(run, {}, 2, fragments);
}

void expect_usage_error(const std::vector<std::string>& arguments, Fragments fragments) {
  SCOPED_TRACE(testing::PrintToString(arguments));
  const ProgramResult result = run_qmnist(arguments);
  expect_error(result, 2, fragments);
  EXPECT_TRUE(result.output.empty()) << result.output;
}

std::string sha256(const std::string& content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += fmt::format("{:02x}", digest.at(i));
  }
  return text;
}

TEST(CommandLineTest, HelpTellsEveryOptionAndStatus) {
  const ProgramResult result = run_qmnist({"--help"});
  expect_success(result);
  for (const char* word :
       {"--config", "--set", "KEY.PATH=VALUE", "--device", "auto", "cuda", "cpu", "--resume",
        "--quiet", "--version", "--help", "Exit status: 0 done", "1 a defect", "2 bad", "3 missing",
        "4 device", "5 target", "130 interrupted"}) {
    expect_contains(result.output, word);
  }
}

TEST(CommandLineTest, VersionIsOneLine) {
  const ProgramResult result = run_qmnist({"--version"});
  expect_success(result);
  EXPECT_TRUE(result.output.starts_with("qmnist_gpu "));
  EXPECT_EQ(result.output.find('\n') + 1, result.output.size());
}

TEST(CommandLineTest, RefusesBadOptions) {
  expect_usage_error({}, {"--config", "--help"});
  expect_usage_error({"--quiet"}, {"--config"});
  expect_usage_error({"--config"}, {"--config"});
  expect_usage_error({"--config", "/no/such.json"}, {"/no/such.json"});
  expect_refusal(SmallRun(), {"--fast"}, 2, {"--fast"});
  expect_refusal(SmallRun(), {"more"}, 2, {"more"});
  expect_refusal(SmallRun(), {"--set"}, 2, {"--set"});
  expect_refusal(SmallRun(), {"--device", "tpu"}, 2, {"device", "tpu", "auto", "cuda", "cpu"});
  for (const char* device : {"cuda:", "cuda:x", "cuda:1,", "cuda:1;2", "cuda:-1", "cuda:1024",
                             "cuda:0,0", "cpu:0", "auto:0"}) {
    expect_refusal(SmallRun(), {"--device", device}, 2, {"--device is \"", device, "cuda:0,1"});
  }
  expect_refusal(SmallRun(), {"--device", "cuda:0,1"}, 2, {"cuda:0,1", "only sweep"});
}

TEST(CommandLineTest, UnknownOptionsNameTheNearestOnes) {
  expect_usage_error({"--confg", "configs/baseline.json"},
                     {"unknown option --confg, did you mean --config?", "qmnist_gpu --help"});
  expect_usage_error({"train", "--confg", "a.json"},
                     {"--confg, did you mean --config?", "qmnist_gpu train --help"});
  expect_usage_error({"evaluate", "--modle", "run"}, {"--modle, did you mean --model?"});
  expect_usage_error({"export", "--model", "run", "--form=npz"}, {"did you mean --format?"});
  expect_usage_error({"predict", "a.png", "-json"}, {"-json, did you mean --json?"});
  expect_usage_error({"sweep", "--config", "a.json", "--job", "2"}, {"did you mean --jobs?"});
  expect_usage_error({"--config", "a.json", "--learning-rat", "1"},
                     {"did you mean --set optimizer.learning_rate=VALUE?"});
  expect_usage_error({"train", "--epochs=5"}, {"did you mean --set training.epochs=VALUE?"});
  const ProgramResult unlike = run_qmnist({"--fast"});
  expect_error(unlike, 2, {"unknown option --fast; see qmnist_gpu --help"});
}

TEST(CommandLineTest, UnknownCommandsNameTheNearestOnes) {
  expect_usage_error({"trian", "--config", "a.json"},
                     {"unknown command trian, did you mean train?"});
  expect_usage_error({"pred"}, {"did you mean predict?"});
  expect_usage_error({"evalute", "--model", "a"}, {"did you mean evaluate?"});
  expect_usage_error({"photograph.jpg"}, {"unknown command photograph.jpg; see"});
  expect_usage_error({"info", "more"}, {"unknown argument more; see qmnist_gpu info --help"});
}

TEST(CommandLineTest, TrainIsACommandWithTheSameOptions) {
  const SmallRun plain;
  const SmallRun named;
  expect_success(plain.train({"--set", "training.seed=3", "--quiet"}));
  const ProgramResult result = run_qmnist({"train", "--config", named.config().string(), "--set",
                                           "training.seed=3", "--device", "cpu", "--quiet"});
  expect_success(result);
  EXPECT_EQ(result.output, "");
  expect_same_result(named.output(), plain.output());
  expect_contains(run_qmnist({"train", "--config", named.config().string(), "--resume", "--set",
                              "training.seed=3"})
                      .output,
                  "Resuming at epoch 4, sample 0");
  expect_usage_error({"train"}, {"--config"});
  expect_usage_error({"--quiet", "train", "--config", "a.json"}, {"after the command"});
}

TEST(CommandLineTest, ACommandsNameMayBeAnArgumentOfAnother) {
  expect_error(run_qmnist({"evaluate", "--model", "train", "predict"}), 3, {"train"});
  expect_error(run_qmnist({"compare", "train", "info"}), 3, {"train/config.json"});
}

TEST(CommandLineTest, RefusesAnEmptyDeviceName) {
  expect_refusal(SmallRun(), {"--device", ""}, 2, {"device", "auto"});
}

TEST(CommandLineTest, RefusesAFolderAsConfig) {
  const SmallRun run;
  expect_usage_error({"--config", run.folder().string()}, {run.folder().string()});
}

TEST(CommandLineTest, ErrorsAreOneLineWhateverTheArgumentsHold) {
  expect_bad_set("first\nsecond=1", {"second"});
  expect_bad_set("training.epochs=1\n2", {"training.epochs"});
  expect_usage_error({"--config", "no\nsuch.json"}, {"such.json"});
}

TEST(CommandLineTest, RefusesBadConfigs) {
  expect_bad_config("{\n  \"device\": \"cpu\",\n  oops\n}", {"line 3", "column 3"});
  expect_bad_config("", {"line 1"});
  expect_bad_config("[]", {"array", "object"});
  expect_bad_config(R"({"training": {"epoch": 3}})", {"training.epoch\"", "training.epochs"});
  expect_bad_config(R"({"optimiser": {}})", {"optimiser", "optimizer"});
  expect_bad_config(R"({"training": 3})", {"training", "3", "object"});
  expect_bad_config(R"({"training": {"epochs": "ten"}})", {"training.epochs", "ten", "integer"});
  expect_bad_config(R"({"training": {"epochs": 0}})", {"training.epochs", "from 1"});
  expect_bad_config(R"({"data": {"test_fraction": 1}})", {"data.test_fraction", "< 1"});
  expect_bad_config(R"({"model": {"hidden": [8, -1]}})", {"model.hidden", "-1"});
  expect_bad_config(R"({"training": {"seed": 1, "epochs": 2, "seed": 2}})", {"duplicate", "seed"});
}

TEST(CommandLineTest, RefusesBadOverrides) {
  expect_bad_set("training.epochs", {"--set training.epochs", "'='"});
  expect_bad_set("training.epoch=3", {"training.epoch\"", "training.epochs"});
  expect_bad_set("training=3", {"training"});
  expect_bad_set("=3", {"--set =3"});
  expect_bad_set("training.epochs=", {"training.epochs", "integer"});
  expect_bad_set("training.epochs=2.5", {"training.epochs", "2.5", "integer"});
  expect_bad_set("training.shuffle=maybe", {"training.shuffle", "maybe", "true or false"});
  expect_bad_set("optimizer.learning_rate=0", {"optimizer.learning_rate", "> 0"});
  expect_bad_set("device=tpu", {"device", "tpu", "auto", "cuda", "cpu"});
}

TEST(CommandLineTest, CudaWithoutADeviceIsADeviceError) {
  if (gpu_obstacle().empty()) {
    GTEST_SKIP() << "a GPU works here";
  }
  expect_refusal(SmallRun(), {"--device", "cuda"}, 4, {"cuda", "--device cpu"});
  expect_refusal(SmallRun(Json{{"device", "cuda"}}), {}, 4, {"cuda"});
}

TEST(CommandLineTest, AutoWithoutADeviceTakesTheCpuAndSaysWhy) {
  if (gpu_obstacle().empty()) {
    GTEST_SKIP() << "a GPU works here";
  }
  const SmallRun run;
  const ProgramResult result = run.train({"--device", "auto"});
  expect_success(result);
  expect_contains(result.output, "CPU: ");
  expect_contains(result.output, "device auto: using the CPU: ");
  EXPECT_EQ(read_json(run.file("config.json")).at("device"), "cpu");
}

TEST(CommandLineTest, WritesTheKernelsThatAutoStandsFor) {
  const SmallRun run;
  const auto kernels = [&run] {
    return read_json(run.file("config.json")).at("training").at("kernels");
  };
  expect_success(run.train());
  EXPECT_EQ(kernels(), "fixed_order");
  expect_success(run.train({"--set", "training.kernels=cublas"}));
  EXPECT_EQ(kernels(), "cublas");
  for (const char* name : {"model.safetensors", "checkpoint.safetensors"}) {
    EXPECT_EQ(read_tensors(run.file(name)).metadata.at("arithmetic"), "1");  // it is the CPU's
  }
  // A CPU ignores another precision, and what is written must still be a config.
  expect_success(run.train({"--set", "training.math=bf16"}));
  EXPECT_EQ(kernels(), "cublas");
  expect_success(run_qmnist({"--config", run.file("config.json").string(), "--resume"}));
}

TEST(CommandLineTest, RefusesMissingAndBadData) {
  expect_refusal(SmallRun(), {"--set", "data.dir=/no/such"}, 3, {"/no/such", "data.dir"});
  const SmallRun missing;
  fs::remove(missing.data("t10k-labels-idx1-ubyte"));
  expect_refusal(missing, {}, 3, {missing.data("").parent_path().string()});
  expect_refusal(missing, {"--set", "data.source=mnist"}, 3, {"t10k-labels-idx1-ubyte"});
  const SmallRun truncated;
  const fs::path images = truncated.data("train-images-idx3-ubyte");
  fs::resize_file(images, fs::file_size(images) - 1);
  expect_refusal(truncated, {}, 3, {images.string(), "byte"});
  const SmallRun mislabelled;
  const fs::path labels = mislabelled.data("train-labels-idx1-ubyte");
  std::string bytes = read_file(labels);
  bytes.at(8 + 5) = 17;
  write_file(labels, bytes);
  expect_refusal(mislabelled, {}, 3, {labels.parent_path().string(), "image 5 is 17"});
}

TEST(CommandLineTest, RefusesAnOutputFolderThatCannotBe) {
  const SmallRun run;
  const std::string file = run.config().string();
  expect_refusal(run, {"--set", "output.dir=" + file}, 2, {file, "output.dir"});
  expect_refusal(run, {"--set", "output.dir=" + file + "/run"}, 2, {file, "output.dir"});
  expect_refusal(run, {"--set", "output.dir=/proc/run"}, 2, {"/proc/run", "output.dir"});
  // Nobody, not even root, makes files there.
  expect_error(run.train({"--set", "output.dir=/proc"}), 2, {"/proc", "output.dir"});
}

TEST(CommandLineTest, QuietPrintsNothing) {
  const SmallRun run;
  const ProgramResult result = run.train({"--quiet"});
  expect_success(result);
  EXPECT_TRUE(result.output.empty()) << result.output;
  EXPECT_EQ(read_folder(run.output()).size(), 12);
}

TEST(CommandLineTest, PathsStartAtTheConfigOrTheWorkingFolder) {
  const SmallRun run(Json{{"data", {{"dir", "../data"}}}, {"output", {{"dir", "../in_config"}}}});
  fs::create_directories(run.folder() / "configs");
  fs::rename(run.config(), run.folder() / "configs/small.json");
  fs::create_directory(run.folder() / "work");
  std::vector<std::string> command = qmnist_command({"--config", "../configs/small.json"});
  command.insert(command.begin(), {"env", "-C", (run.folder() / "work").string()});
  expect_success(run_program(command));
  EXPECT_TRUE(fs::exists(run.folder() / "in_config/summary.json"));
  command.insert(command.end(), {"--set", "output.dir=on_command_line"});
  expect_success(run_program(command));
  EXPECT_TRUE(fs::exists(run.folder() / "work/on_command_line/summary.json"));
}

TEST(CommandLineTest, PrintsThePlanThenPlainLines) {
  const ProgramResult result = SmallRun().train();
  expect_success(result);
  const std::string plan = result.output.substr(0, result.output.find("Epoch 1/3"));
  for (const char* part : {"IDX files, 10 classes, 1,000 images", "800 training", "200 test",
                           "784 inputs", "9,614", "device    CPU: ", "3 epochs", "output"}) {
    expect_contains(plan, part);
  }
  EXPECT_EQ(plan.find("scripts/download"), std::string::npos) << "it is no part of MNIST";
  for (const char* later : {"Epoch 1/3", "Epoch 3/3", "Confusion matrix", "Test accuracy"}) {
    expect_contains(result.output, later);
    EXPECT_EQ(plan.find(later), std::string::npos);
  }
  EXPECT_EQ(result.output.find_first_of("\r\x1b\b"), std::string::npos);
}

TEST(CommandLineTest, DrawsProgressOnATerminal) {
  const SmallRun run(
      Json{{"model", {{"hidden", {2048}}}}, {"training", {{"epochs", 1}, {"batch_size", 1}}}});
  const ProgramResult result = run_on_terminal(run.command());
  const std::string& shown = result.output;
  EXPECT_EQ(result.status, 0);
  expect_contains(shown, "Epoch 1/1\r\n");
  expect_contains(shown, "\r800/800 ");
  const std::size_t progress = shown.find("ETA");
  ASSERT_NE(progress, std::string::npos) << shown;
  EXPECT_EQ(shown.at(shown.find_last_of("\r\n", progress)), '\r');
}

TEST(CommandLineTest, DivergedTrainingIsAnError) {
  // So many layers and so large steps that the sums overflow in the first epoch.
  const SmallRun run(Json{{"model", {{"hidden", std::vector(16, 64)}}},
                          {"optimizer", {{"learning_rate", 10}}},
                          {"training", {{"batch_size", 8}}}});
  expect_error(run.train(), 2, {"optimizer.learning_rate", "10"});
  EXPECT_FALSE(fs::exists(run.file("model.safetensors")));
}

TEST(CommandLineTest, ConfigFileHoldsEveryKey) {
  // The contract: later versions may add keys, but these stay.
  const Json contract = Json::parse(R"({
    "data": {"source": "mnist", "dir": "", "test_fraction": 0.2, "split_seed": 42,
             "validation_fraction": 0.0},
    "model": {"hidden": [12, 8], "activation": "relu"},
    "optimizer": {"name": "adam", "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999,
                  "epsilon": 1e-7},
    "training": {"epochs": 3, "batch_size": 32, "shuffle": true, "seed": 4, "threads": 1},
    "device": "cpu", "output": {"dir": ""}})")
                            .flatten();
  const SmallRun run;
  expect_success(run.train({"--set", "training.seed=4"}));
  Json written = read_json(run.file("config.json")).flatten();
  EXPECT_EQ(written.at("/data/dir"), run.data("").parent_path().string());
  EXPECT_EQ(written.at("/output/dir"), run.output().string());
  written["/data/dir"] = written["/output/dir"] = "";
  for (const auto& [key, value] : contract.items()) {
    EXPECT_EQ(written.value(key, Json()), value) << key;
  }
}

TEST(CommandLineTest, MetricsAreOneObjectAnEpoch) {
  const SmallRun run;
  expect_success(run.train());
  const std::vector<Json> epochs = read_json_lines(run.file("metrics.jsonl"));
  ASSERT_EQ(epochs.size(), 3);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    EXPECT_EQ(epochs[i].size(), 5) << epochs[i];
    EXPECT_EQ(epochs[i].at("epoch"), i + 1);
    EXPECT_EQ(epochs[i].at("learning_rate"), 0.001);
    EXPECT_GT(epochs[i].at("seconds"), 0);
    // A share of whole digits.
    const double correct = epochs[i].at("accuracy").get<double>() * kTrainingDigits;
    EXPECT_NEAR(correct, std::round(correct), 1e-9);
  }
  EXPECT_LT(epochs[2].at("loss"), epochs[0].at("loss"));
  EXPECT_GT(epochs[2].at("accuracy"), epochs[0].at("accuracy"));
}

TEST(CommandLineTest, PredictionsAreOfTheSplitsTestDigits) {
  const SmallRun run;
  expect_success(run.train());
  const std::string labels = read_file(run.data("train-labels-idx1-ubyte")).substr(8) +
                             read_file(run.data("t10k-labels-idx1-ubyte")).substr(8);
  const auto rows = read_predictions(run.file("predictions.csv"));
  ASSERT_EQ(rows.size(), kTestDigits);
  // The head of NumPy's RandomState(42).permutation(1000); see tests/fixtures/split.
  constexpr std::array<std::size_t, 8> kHead{521, 737, 740, 660, 411, 678, 626, 513};
  for (std::size_t i = 0; i < kHead.size(); ++i) {
    EXPECT_EQ(rows[i].index, kHead.at(i));
  }
  std::set<std::size_t> indices;
  for (const PredictionRow& row : rows) {
    ASSERT_LT(row.index, kDigits);
    EXPECT_TRUE(indices.insert(row.index).second) << row.index << " stands there twice";
    EXPECT_EQ(row.label, static_cast<std::size_t>(labels[row.index]));
    EXPECT_GE(row.confidence, 0.1);  // of the likeliest of ten
    EXPECT_LE(row.confidence, 1);
  }
}

TEST(CommandLineTest, OfficialSplitTestsOnTheTestFile) {
  const SmallRun run(Json{{"data", {{"split", "official"}, {"validation_fraction", 0.1}}}});
  const ProgramResult result = run.train();
  expect_success(result);
  expect_contains(
      result.output,
      "split     630 training, 70 validation, 300 test images (official, the data set's "
      "own files; validation by seed 42)\n");
  const auto rows = read_predictions(run.file("predictions.csv"));
  ASSERT_EQ(rows.size(), kTestFileDigits);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].index, kTrainFileDigits + i);
  }
  const Json dataset = read_json(run.file("summary.json")).at("dataset");
  EXPECT_EQ(dataset.at("split"), "official");
  EXPECT_EQ(dataset.at("train_size"), 630);
  EXPECT_EQ(dataset.at("validation_size"), 70);
  EXPECT_EQ(dataset.at("test_size"), kTestFileDigits);
  expect_contains(read_file(run.file("report.html")),
                  "300 (split: official, the data set&apos;s own files; validation by seed 42)");
}

TEST(CommandLineTest, OfficialSplitNeedsTrainingAndTestFiles) {
  const SmallRun run(Json{{"data", {{"split", "official"}}}});
  fs::copy_file(source_dir() / "tests/fixtures/pickle/python3_numpy2_protocol5_little_i4_C.pkl",
                run.data("MNIST-120k"));
  expect_error(run.train({"--set", "data.source=kaggle"}), 2,
               {"data.split is \"official\", but MNIST-120k (Kaggle) does not come in training and "
                "test files; set data.split to \"notebook\""});
  expect_error(run.train({"--set", "data.split=random"}), 2,
               {R"(data.split is "random"; it must be one of "notebook", "official")"});
}

TEST(CommandLineTest, SummaryAgreesWithPredictionsAndData) {
  const SmallRun run(Json{{"training", {{"seed", 6}}}});
  expect_success(run.train());
  const Json summary = read_json(run.file("summary.json"));
  std::vector confusion(10, std::vector<std::size_t>(10));
  std::size_t hits = 0;
  for (const PredictionRow& row : read_predictions(run.file("predictions.csv"))) {
    ++confusion[row.label][row.prediction];
    hits += row.label == row.prediction ? 1 : 0;
  }
  EXPECT_EQ(summary.at("confusion"), Json(confusion));
  EXPECT_DOUBLE_EQ(summary.at("test_accuracy"), static_cast<double>(hits) / kTestDigits);
  EXPECT_GT(summary.at("test_loss"), 0);
  ASSERT_EQ(summary.at("per_class").size(), 10);
  for (std::size_t digit = 0; digit < 10; ++digit) {
    const Json& report = summary.at("per_class").at(digit);
    const auto& row = confusion[digit];
    const auto support = std::accumulate(row.begin(), row.end(), std::size_t{0});
    EXPECT_EQ(report.at("support"), support);
    const auto correct = static_cast<double>(row[digit]);
    EXPECT_DOUBLE_EQ(report.at("recall"), correct / static_cast<double>(support));
    for (const char* share : {"precision", "f1"}) {
      EXPECT_GE(report.at(share), 0);
      EXPECT_LE(report.at(share), 1);
    }
  }
  const Json& dataset = summary.at("dataset");
  EXPECT_EQ(dataset.at("name"), "IDX files, 10 classes");
  EXPECT_EQ(dataset.at("split"), "notebook");
  EXPECT_EQ(dataset.at("train_size"), kTrainingDigits);
  EXPECT_EQ(dataset.at("test_size"), kTestDigits);
  ASSERT_EQ(dataset.at("sha256").size(), 4);
  for (const auto& [name, sum] : dataset.at("sha256").items()) {
    EXPECT_EQ(sum, sha256(read_file(run.data(name)))) << name;
  }
  EXPECT_TRUE(summary.at("device").get<std::string>().starts_with("CPU: "));
  EXPECT_EQ(summary.at("seed"), 6);
  EXPECT_EQ(summary.at("epochs"), 3);
  EXPECT_EQ(summary.at("parameters"), 784 * 12 + 12 + 12 * 8 + 8 + 8 * 10 + 10);
  EXPECT_GT(summary.at("seconds_load"), 0);
  EXPECT_GT(summary.at("seconds_test"), 0);
  const double seconds_train = summary.at("seconds_train");
  EXPECT_GT(seconds_train, 0);
  EXPECT_GT(summary.at("seconds_wall"), seconds_train);
  EXPECT_NEAR(summary.at("samples_per_second").get<double>() * seconds_train, 3 * kTrainingDigits,
              1e-6);
}

TEST(CommandLineTest, ModelAndCheckpointHoldWhatPyTorchExpects) {
  const SmallRun run;
  expect_success(run.train());
  const TensorFile model = read_tensors(run.file("model.safetensors"));
  const TensorFile checkpoint = read_tensors(run.file("checkpoint.safetensors"));
  const std::map<std::string, std::vector<std::size_t>> shapes{
      {"0.weight", {12, 784}}, {"0.bias", {12}},      {"2.weight", {8, 12}},
      {"2.bias", {8}},         {"4.weight", {10, 8}}, {"4.bias", {10}}};
  EXPECT_EQ(model.tensors.size(), shapes.size());
  EXPECT_EQ(checkpoint.tensors.size(), 3 * shapes.size());
  for (const auto& [name, shape] : shapes) {
    EXPECT_EQ(model.tensors.at(name).shape, shape) << name;
    EXPECT_TRUE(checkpoint.tensors.at("model." + name) == model.tensors.at(name)) << name;
    for (const char* moments : {"adam.m.", "adam.v."}) {
      EXPECT_EQ(checkpoint.tensors.at(moments + name).shape, shape) << moments << name;
    }
  }
  const Json progress = read_progress(run.file("checkpoint.safetensors"));
  EXPECT_EQ(progress.at("epoch"), 3);
  EXPECT_EQ(progress.at("step"), 3 * kTrainingDigits / 32);
}

}  // namespace
}  // namespace qmnist::test
