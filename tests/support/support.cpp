#include "tests/support/support.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace qmnist::test {
namespace fs = std::filesystem;

fs::path source_dir() {
  return QMNIST_SOURCE_DIR;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "qmnist_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no temporary folder can be made from " + name);
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.flush()) {
    throw std::runtime_error("cannot write " + path.string());
  }
}

Program::Program(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: posix_spawn changes nothing
  }
  argv.push_back(nullptr);

  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  constexpr mode_t kMode = 0600;
  posix_spawn_file_actions_t files{};
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, (folder_ / "out").c_str(), kFlags, kMode);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, (folder_ / "err").c_str(), kFlags, kMode);
  const int failure = posix_spawnp(&process_, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failure != 0) {
    throw std::runtime_error("cannot start " + arguments.front());
  }
}

Program::~Program() {
  if (!has_ended()) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
}

void Program::send_signal(int signal) const {
  ::kill(process_, signal);
}

std::string Program::output() const {
  return read_file(folder_ / "out");
}

bool Program::has_ended() {
  if (!status_) {
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) {
      status_ = status;
    }
  }
  return status_.has_value();
}

bool Program::wait_for_output(std::string_view text, std::chrono::seconds limit) {
  using namespace std::chrono_literals;
  const auto end = std::chrono::steady_clock::now() + limit;
  while (output().find(text) == std::string::npos) {
    if (has_ended() || std::chrono::steady_clock::now() > end) {
      return output().find(text) != std::string::npos;
    }
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

ProgramResult Program::finish() {
  if (!status_) {
    int status = 0;
    ::waitpid(process_, &status, 0);
    status_ = status;
  }
  constexpr int kSignalled = 128;
  return {.status = WIFEXITED(*status_) ? WEXITSTATUS(*status_) : kSignalled + WTERMSIG(*status_),
          .output = output(),
          .errors = read_file(folder_ / "err")};
}

ProgramResult run_program(const std::vector<std::string>& arguments) {
  return Program(arguments).finish();
}

std::vector<std::string> qmnist_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), QMNIST_PROGRAM);
  return arguments;
}

ProgramResult run_qmnist(std::vector<std::string> arguments) {
  return run_program(qmnist_command(std::move(arguments)));
}

}  // namespace qmnist::test
