#pragma once

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/support.h"

namespace qmnist::test {

using Json = nlohmann::json;

/// Digits of a small run: so many of the shipped training and test files, and where the split
/// puts them.
inline constexpr std::size_t kTrainFileDigits = 700;
inline constexpr std::size_t kTestFileDigits = 300;
inline constexpr std::size_t kDigits = kTrainFileDigits + kTestFileDigits;
inline constexpr std::size_t kTestDigits = kDigits / 5;
inline constexpr std::size_t kTrainingDigits = kDigits - kTestDigits;

/// A run that takes a fraction of a second, in a folder of its own: some of the shipped digits as
/// plain IDX files in data/, a config.json that trains a small network on one core, and, once it
/// has run, its run folder run/.
class SmallRun {
 public:
  /// @param changes merged into the config.
  explicit SmallRun(const Json& changes = Json::object());

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path data(std::string_view name) const;
  [[nodiscard]] std::filesystem::path config() const { return folder_ / "config.json"; }
  [[nodiscard]] std::filesystem::path output() const { return folder_ / "run"; }
  [[nodiscard]] std::filesystem::path file(std::string_view name) const { return output() / name; }

  /// The command that runs it, with more arguments.
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const;
  [[nodiscard]] ProgramResult train(std::vector<std::string> more = {}) const;

 private:
  TemporaryFolder folder_;
};

/// A safetensors file, read by other code than the program's.
struct TensorFile {
  struct Tensor {
    std::vector<std::size_t> shape;
    std::string bytes;
    friend bool operator==(const Tensor&, const Tensor&) = default;
  };
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// A row of predictions.csv.
struct PredictionRow {
  std::size_t index;
  std::size_t label;
  std::size_t prediction;
  double confidence;
};

// Readers of whole files; each throws std::runtime_error where a part of the file is missing.
[[nodiscard]] Json read_json(const std::filesystem::path& path);
[[nodiscard]] std::vector<Json> read_json_lines(const std::filesystem::path& path);
/// The same of text, as a program prints it.
[[nodiscard]] std::vector<Json> parse_json_lines(const std::string& text,
                                                 const std::string& place = "output");
[[nodiscard]] std::vector<PredictionRow> read_predictions(const std::filesystem::path& path);
[[nodiscard]] TensorFile read_tensors(const std::filesystem::path& path);
/// How far the run of a checkpoint had come.
[[nodiscard]] Json read_progress(const std::filesystem::path& checkpoint);
/// What metrics.jsonl says, but for the times.
[[nodiscard]] std::vector<Json> read_timeless_metrics(const std::filesystem::path& path);

/// Runs a program to its end with a terminal of 120 columns for input and output; the errors that
/// it shows there count as output.
[[nodiscard]] ProgramResult run_on_terminal(const std::vector<std::string>& command);

/// Name and content of every file in a folder.
[[nodiscard]] std::map<std::string, std::string> read_folder(const std::filesystem::path& folder);

/// Expects two run folders to hold the same model, predictions and metrics, to the bit.
void expect_same_result(const std::filesystem::path& run, const std::filesystem::path& expected);

/// Expects an orderly end without a word on standard error.
void expect_success(const ProgramResult& result);

/// Expects that status and one line on standard error that holds each of the fragments.
void expect_error(const ProgramResult& result, int status,
                  std::initializer_list<std::string_view> fragments);

void expect_contains(std::string_view text, std::string_view fragment);

}  // namespace qmnist::test
