#include <gtest/gtest.h>

#include <filesystem>
#include <initializer_list>
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

}  // namespace
}  // namespace qmnist::test
