#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/alternatives.h"
#include "host/export/exporters.h"
#include "tests/support/small_run.h"
#include "tests/support/support.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// A run that is over, and an empty folder to export into.
class ExportCommandTest : public testing::Test {
 protected:
  ExportCommandTest() { expect_success(run_.train()); }

  /// Runs qmnist_gpu export in `folder`.
  static ProgramResult export_in(const fs::path& folder,
                                 const std::vector<std::string>& arguments) {
    std::vector<std::string> command = qmnist_command({"export"});
    command.insert(command.begin(), {"env", "-C", folder.string()});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_program(command);
  }
  [[nodiscard]] ProgramResult export_run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"--model", run_.output().string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return export_in(folder_.path(), all);
  }

  SmallRun run_;
  TemporaryFolder folder_;
};

TEST_F(ExportCommandTest, WritesToTheWorkingFolderAndSaysHowToUseIt) {
  for (const Exporter& exporter : exporters()) {
    SCOPED_TRACE(exporter.usage);
    std::vector<std::string> arguments{"--format", std::string(exporter.name)};
    if (!exporter.input.empty()) {
      arguments.insert(arguments.end(), {"--input", std::string(exporter.input)});
    }
    const std::string file(exporter.file);
    fs::remove(folder_ / file);
    const ProgramResult result = export_run(arguments);
    if (result.status == 2) {  // tests/export says which parts this build lacks
      expect_error(result, 2, {"this build writes no ", "build again with QMNIST_", "=ON"});
      continue;
    }
    expect_success(result);
    EXPECT_TRUE(fs::is_regular_file(folder_ / file)) << file;
    std::string usage(exporter.usage);
    usage.replace(usage.find('%'), 1, file);
    expect_contains(result.output, "Wrote " + file + ", ");
    expect_contains(result.output, usage);
  }
}

TEST_F(ExportCommandTest, TakesAFileAndAnOutput) {
  const std::string output = (folder_ / "digits.h").string();
  const ProgramResult result = export_in(
      folder_.path(),
      {"--model", run_.file("model.safetensors").string(), "--format", "cpp", "--output", output});
  expect_success(result);
  expect_contains(result.output, output);
  EXPECT_EQ(read_folder(folder_.path()).size(), 1);
}

TEST_F(ExportCommandTest, InputChoosesTheTypeOfOnnxsInput) {
  if (QMNIST_HAS_ONNX == 0) {
    GTEST_SKIP() << "this build writes no ONNX files";
  }
  expect_success(export_run({"--format", "onnx", "--input", "float32"}));
  expect_success(export_run({"--format", "onnx", "--input", "uint8", "--output", "uint8.onnx"}));
  expect_success(export_run({"--format", "onnx", "--output", "default.onnx"}));
  EXPECT_NE(read_file(folder_ / "model.onnx"), read_file(folder_ / "uint8.onnx"));
  EXPECT_EQ(read_file(folder_ / "default.onnx"), read_file(folder_ / "uint8.onnx"));
}

TEST_F(ExportCommandTest, OnnxTellsOfItsRun) {
  if (QMNIST_HAS_ONNX == 0) {
    GTEST_SKIP() << "this build writes no ONNX files";
  }
  expect_success(export_run({"--format", "onnx"}));
  const std::string content = read_file(folder_ / "model.onnx");
  const Json summary = read_json(run_.file("summary.json"));
  expect_contains(content, "test_accuracy");
  expect_contains(content, summary.at("test_accuracy").dump());
  expect_contains(content, R"("epochs":3)");
  EXPECT_EQ(content.find(run_.folder().string()), std::string::npos) << "a path of this machine";

  fs::copy_file(run_.file("model.safetensors"), folder_ / "alone.safetensors");
  expect_success(export_in(folder_.path(), {"--model", "alone.safetensors", "--format", "onnx"}));
  EXPECT_EQ(read_file(folder_ / "model.onnx").find("test_accuracy"), std::string::npos);
  write_file(run_.file("summary.json"), "{\"test_accuracy\": ");
  expect_error(export_run({"--format", "onnx"}), 3, {"summary.json"});
}

TEST_F(ExportCommandTest, LeavesOutWhatOtherProgramsFilesSay) {
  write_file(run_.file("config.json"), R"({"data": "MNIST"})");
  write_file(run_.file("summary.json"), R"({"test_accuracy": {"mean": 0.9}})");
  for (const char* format : {"html", "onnx"}) {
    if (std::string_view(format) != "onnx" || QMNIST_HAS_ONNX != 0) {
      expect_success(export_run({"--format", format}));
    }
  }
  EXPECT_EQ(read_file(folder_ / "draw.html").find("test accuracy"), std::string::npos);
}

TEST_F(ExportCommandTest, SafetensorsAreTheRunsOwnAndSayWhatWroteThem) {
  expect_success(export_run({"--format", "safetensors"}));
  const TensorFile exported = read_tensors(folder_ / "model.safetensors");
  EXPECT_TRUE(exported.tensors == read_tensors(run_.file("model.safetensors")).tensors);
  EXPECT_EQ(exported.metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
}

TEST_F(ExportCommandTest, NeverReplacesTheModelItself) {
  const std::string before = read_file(run_.file("model.safetensors"));
  fs::create_hard_link(run_.file("model.safetensors"), folder_ / "link");
  for (const auto& [folder, more] : std::vector<std::pair<fs::path, std::vector<std::string>>>{
           {run_.output(), {"--model", "."}},
           {run_.output(), {"--model", ".", "--output", "../run/model.safetensors"}},
           {folder_.path(), {"--model", run_.output().string(), "--output", "link"}}}) {
    std::vector<std::string> arguments = more;
    arguments.insert(arguments.end(), {"--format", "safetensors"});
    expect_error(export_in(folder, arguments), 2, {"is the model itself", "--output"});
  }
  EXPECT_EQ(read_file(run_.file("model.safetensors")), before);
}

TEST_F(ExportCommandTest, HelpIsItsOwn) {
  const ProgramResult result = run_qmnist({"export", "--help"});
  expect_success(result);
  for (const char* word :
       {"--model", "--format", "--input", "--output", "working folder", "Example"}) {
    expect_contains(result.output, word);
  }
  EXPECT_EQ(result.output.find("--resume"), std::string::npos) << "an option of train";
  expect_contains(result.output, exporter_table());
}

TEST_F(ExportCommandTest, RefusesABadCommandLine) {
  expect_error(export_run({}), 2, {"--format"});
  for (const char* format : {"npz", "safetensors", "cpp"}) {
    expect_error(export_run({"--format", format, "--input", "float32"}), 2,
                 {"--input", "--format onnx only", format});
  }
  expect_error(export_run({"--format", "onnx", "--input", "float16"}), 2,
               {"float16", "uint8", "float32"});
  expect_error(export_run({"--format", "pdf"}), 2, {"pdf", alternatives(exporter_names())});
  expect_error(export_run({"--format", "cpp", "--output", "/proc/model.h"}), 2,
               {"/proc/model.h", "cannot be written"});
  expect_error(export_run({"--format", "cpp", "--output", "no/such/model.h"}), 2,
               {"no/such/model.h", "cannot be written"});
  expect_error(export_in(folder_.path(), {"--format", "npz"}), 2, {"--model"});
  EXPECT_TRUE(read_folder(folder_.path()).empty());
}

TEST_F(ExportCommandTest, RefusesWhatIsNoModel) {
  const auto expect_bad_model = [this](const fs::path& model, const std::string& words) {
    expect_error(export_in(folder_.path(), {"--model", model.string(), "--format", "npz"}), 3,
                 {model.string(), words});
  };
  expect_bad_model("/no/such", "cannot be read");
  expect_bad_model(run_.folder(), "no model.safetensors");
  expect_bad_model(run_.config(), "safetensors file");
  expect_bad_model(run_.file("checkpoint.safetensors"), "is not a classifier");
  EXPECT_TRUE(read_folder(folder_.path()).empty());
}

}  // namespace
}  // namespace qmnist::test
