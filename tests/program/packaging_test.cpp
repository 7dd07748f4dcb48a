#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

using Words = std::set<std::string>;

/// Arguments in front of those that a test is about: none, or a command.
using Prefix = std::vector<std::string>;

/// The first group of each match.
Words words_in(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern, std::regex::ECMAScript | std::regex::multiline);
  Words words;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    words.insert((*match)[1]);
  }
  return words;
}

std::string help(Prefix prefix) {
  prefix.emplace_back("--help");
  const ProgramResult result = run_qmnist(prefix);
  expect_success(result);
  return result.output;
}

Words options(const Prefix& prefix) {
  return words_in(help(prefix), R"(^ +(?:-\w, *)?(--[a-z-]+))");
}

Words commands() {
  const std::string text = help({});
  const std::regex heading("subcommands:\\s*", std::regex::icase);
  std::smatch match;
  if (!std::regex_search(text, match, heading)) {
    return {};
  }
  const std::string list = match.suffix();
  return words_in(list.substr(0, list.find("\n\n")), "^ *([a-z]+) ");
}

/// The manual page's text from a heading to the next one of the same or a higher level.
std::string manual_part(const std::string& macro, const std::string& heading) {
  std::ifstream page(source_dir() / "packaging/qmnist_gpu.1");
  std::string part;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(".Sh ") || line.starts_with(macro)) {
      inside = line == macro + heading || line.starts_with(macro + heading + " ");
    } else if (inside) {
      part += line + "\n";
    }
  }
  return part;
}

/// Options that a part of the manual page describes; `Fl -config` stands for --config.
Words described_options(const std::string& part) {
  Words options;
  for (const std::string& option : words_in(part, R"(^\.It (?:Fl h , )?Fl -([a-z-]+))")) {
    options.insert("--" + option);
  }
  return options;
}

/// What Bash offers for the last of these words.
Words completions(std::vector<std::string> words) {
  words.insert(words.begin(), qmnist_command({}).front());
  const std::string script = R"(source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_qmnist_gpu "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}")";
  std::vector<std::string> command{"bash", "-c", script, "bash",
                                   (source_dir() / "packaging/completion.bash").string()};
  command.insert(command.end(), words.begin(), words.end());
  const ProgramResult result = run_program(command);
  expect_success(result);
  return words_in(result.output, "^(.+)$");
}

class InstallTest : public testing::Test {
 protected:
  InstallTest() {
    const fs::path build = fs::path(qmnist_command({}).front()).parent_path();
    const ProgramResult result =
        run_program({"cmake", "--install", build.string(), "--prefix", prefix_.path().string()});
    expect_success(result);
  }

  [[nodiscard]] fs::path installed(std::string_view name) const { return prefix_ / name; }

 private:
  TemporaryFolder prefix_;
};

TEST_F(InstallTest, TrainsTheInstalledConfigOnTheInstalledData) {
  const TemporaryFolder folder;
  const ProgramResult result = run_program(
      {installed("bin/qmnist_gpu").string(), "--config",
       installed("share/qmnist_gpu/configs/baseline.json").string(), "--set",
       "output.dir=" + (folder / "run").string(), "--set", "training.epochs=1", "--device", "cpu"});
  expect_success(result);
  expect_contains(result.output, "MNIST, 70,000");
  expect_contains(result.output, "Test accuracy 9");
  EXPECT_TRUE(fs::exists(folder / "run/model.safetensors"));
}

TEST_F(InstallTest, HoldsConfigsDataLicencesManualAndCompletion) {
  for (const char* name :
       {"share/qmnist_gpu/configs/schema.json", "share/qmnist_gpu/configs/best.json",
        "share/qmnist_gpu/data/README.md", "share/qmnist_gpu/data/QMNIST-LICENSE.txt",
        "share/doc/qmnist-gpu/copyright", "share/doc/qmnist-gpu/changelog.gz",
        "share/man/man1/qmnist_gpu.1.gz", "share/bash-completion/completions/qmnist_gpu"}) {
    EXPECT_TRUE(fs::exists(installed(name))) << name;
  }
  const ProgramResult sums =
      run_program({"sh", "-c",
                   fmt::format("cd '{}' && sha256sum --check --strict SHA256SUMS",
                               installed("share/qmnist_gpu/data").string())});
  expect_success(sums);
}

TEST(ManualPageTest, DescribesEveryCommandAndOption) {
  Words without_command = described_options(manual_part(".Sh ", "OPTIONS"));
  without_command.merge(described_options(manual_part(".Ss ", "train")));
  EXPECT_EQ(without_command, options({}));
  EXPECT_EQ(words_in(manual_part(".Sh ", "COMMANDS"), R"(^\.Ss (\w+))"), commands());
  for (const std::string& command : commands()) {
    SCOPED_TRACE(command);
    Words expected = options({command});
    EXPECT_EQ(expected.erase("--help"), 1U);
    EXPECT_EQ(described_options(manual_part(".Ss ", command)), expected);
  }
}

TEST(ManualPageTest, NamesEveryRunFileAndExitStatus) {
  const std::string files = manual_part(".Sh ", "FILES");
  const SmallRun run;
  expect_success(run.train());
  for (const auto& entry : fs::directory_iterator(run.output())) {
    EXPECT_NE(files.find(entry.path().filename().string()), std::string::npos) << entry.path();
  }
  EXPECT_EQ(words_in(manual_part(".Sh ", "EXIT STATUS"), R"(^\.It (\d+))"),
            (Words{"0", "1", "2", "3", "4", "5", "130"}));
}

TEST(CompletionTest, OffersCommandsAndTheirOptions) {
  EXPECT_EQ(completions({""}), commands());
  EXPECT_EQ(completions({"ev"}), Words{"evaluate"});
  EXPECT_EQ(completions({"--"}), options({}));
  for (const std::string& command : commands()) {
    SCOPED_TRACE(command);
    EXPECT_EQ(completions({command, "--"}), options({command}));
    EXPECT_EQ(completions({command, ""}), Words{});  // Bash offers files
  }
}

TEST(CompletionTest, OffersTheValuesThatHelpLists) {
  const std::regex option(R"((--[a-z-]+) [A-Z]+:\{([^}]*)\})");
  for (const std::string& command : commands()) {
    const std::string text = help({command});
    for (std::sregex_iterator match(text.begin(), text.end(), option), end; match != end; ++match) {
      SCOPED_TRACE(match->str());
      const std::string name = (*match)[1];
      const Words values = words_in((*match)[2], "([^,]+)");
      EXPECT_EQ(completions({command, name, ""}), values);
      EXPECT_EQ(completions({command, name, "="}), values);
      EXPECT_EQ(completions({command, name, "=", *values.begin()}), Words{*values.begin()});
    }
  }
}

// Where help has them in prose, the error for a wrong value lists them.
TEST(CompletionTest, OffersTheValuesThatErrorsList) {
  const std::string config = (source_dir() / "configs/baseline.json").string();
  for (const Prefix& words :
       {Prefix{"--config", config, "--device"}, Prefix{"export", "--model", "no", "--format"}}) {
    SCOPED_TRACE(words.back());
    Prefix wrong = words;
    wrong.emplace_back("?");
    const std::string message = run_qmnist(wrong).errors;
    std::smatch list;
    ASSERT_TRUE(std::regex_search(message, list, std::regex("expected |must be one of ")))
        << message;
    Words values = words_in(list.suffix(), "([a-z]+)");
    values.erase("or");
    Prefix open = words;
    open.emplace_back("");
    EXPECT_EQ(completions(open), values);
  }
}

}  // namespace
}  // namespace qmnist::test
