#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist::test {

/// The repository that the tests were built from.
[[nodiscard]] std::filesystem::path source_dir();

/// A new folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&&) = delete;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view content);

/// How a program ended and what it printed.
struct ProgramResult {
  int status;  ///< exit status, or 128 + the signal that ended it
  std::string output;
  std::string errors;
};

/// A running program; killed if it still runs when its owner goes.
class Program {
 public:
  /// Starts arguments[0], found as a shell finds it, with its output caught in files.
  explicit Program(const std::vector<std::string>& arguments);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  Program(Program&&) = delete;
  Program& operator=(Program&&) = delete;
  ~Program();

  void send_signal(int signal) const;
  /// What it has printed so far.
  [[nodiscard]] std::string output() const;
  /// Whether that text was printed before the program ended or the time was over.
  [[nodiscard]] bool wait_for_output(std::string_view text, std::chrono::seconds limit);
  /// Waits for its end.
  [[nodiscard]] ProgramResult finish();

 private:
  [[nodiscard]] bool has_ended();

  TemporaryFolder folder_;
  int process_ = -1;
  std::optional<int> status_;
};

/// Runs a program to its end.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& arguments);

/// Runs qmnist_gpu to its end.
[[nodiscard]] ProgramResult run_qmnist(std::vector<std::string> arguments);

/// The command line that starts qmnist_gpu with these arguments.
[[nodiscard]] std::vector<std::string> qmnist_command(std::vector<std::string> arguments);

}  // namespace qmnist::test
