#include "tests/support/small_run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;

/// Writes the first `count` items of a shipped IDX file; the count stands at byte 4, big-endian.
void cut_idx(const std::string& name, std::size_t header, std::size_t item, std::size_t count,
             const fs::path& folder) {
  const fs::path source = source_dir() / "data" / (name + ".gz");
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(source.c_str(), "rb"), &gzclose);
  std::string bytes(header + count * item, '\0');
  if (!file || gzread(file.get(), bytes.data(), static_cast<unsigned>(bytes.size())) !=
                   static_cast<int>(bytes.size())) {
    throw std::runtime_error("cannot read " + source.string());
  }
  constexpr std::size_t kCountEnd = 8;
  for (std::size_t i = 0; i < sizeof(std::uint32_t); ++i) {
    bytes[kCountEnd - 1 - i] = static_cast<char>(count >> (8 * i) & 0xFF);
  }
  write_file(folder / name, bytes);
}

void write_digits(const fs::path& folder) {
  constexpr std::size_t kImageHeader = 16;
  constexpr std::size_t kLabelHeader = 8;
  constexpr std::size_t kPixels = 784;
  cut_idx("train-images-idx3-ubyte", kImageHeader, kPixels, kTrainFileDigits, folder);
  cut_idx("train-labels-idx1-ubyte", kLabelHeader, 1, kTrainFileDigits, folder);
  cut_idx("t10k-images-idx3-ubyte", kImageHeader, kPixels, kTestFileDigits, folder);
  cut_idx("t10k-labels-idx1-ubyte", kLabelHeader, 1, kTestFileDigits, folder);
}

std::vector<std::string> lines_of(const std::string& text, const std::string& place) {
  if (!text.empty() && text.back() != '\n') {
    throw std::runtime_error(place + ": the last line has no end");
  }
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

Json parse(const std::string& text, const std::string& place) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    throw std::runtime_error(place + ": no complete JSON");
  }
  return json;
}

}  // namespace

SmallRun::SmallRun(const Json& changes) {
  write_digits(folder_ / "data");
  Json config{{"data", {{"dir", "data"}}},
              {"model", {{"hidden", {12, 8}}}},
              {"training", {{"epochs", 3}, {"batch_size", 32}, {"threads", 1}}},
              {"device", "cpu"},
              {"output", {{"dir", "run"}}}};
  config.merge_patch(changes);
  write_file(folder_ / "config.json", config.dump(2));
}

fs::path SmallRun::data(std::string_view name) const {
  return folder_ / "data" / name;
}

std::vector<std::string> SmallRun::command(std::vector<std::string> more) const {
  more.insert(more.begin(), {"--config", config().string()});
  return qmnist_command(std::move(more));
}

ProgramResult SmallRun::train(std::vector<std::string> more) const {
  return run_program(command(std::move(more)));
}

Json read_json(const fs::path& path) {
  return parse(read_file(path), path.string());
}

std::vector<Json> read_json_lines(const fs::path& path) {
  return parse_json_lines(read_file(path), path.string());
}

std::vector<Json> parse_json_lines(const std::string& text, const std::string& place) {
  std::vector<Json> values;
  for (const std::string& line : lines_of(text, place)) {
    values.push_back(parse(line, place));
  }
  return values;
}

std::vector<PredictionRow> read_predictions(const fs::path& path) {
  const std::vector<std::string> lines = lines_of(read_file(path), path.string());
  if (lines.empty() || lines.front() != "index,label,prediction,confidence") {
    throw std::runtime_error(path.string() + ": no header of predictions");
  }
  static const std::regex pattern(R"((\d+),(\d),(\d),(\d\.\d{6}))");
  std::vector<PredictionRow> rows;
  for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
    std::smatch match;
    if (!std::regex_match(*line, match, pattern)) {
      throw std::runtime_error(fmt::format("{}: no prediction: {}", path.string(), *line));
    }
    rows.push_back({.index = std::stoul(match[1]),
                    .label = std::stoul(match[2]),
                    .prediction = std::stoul(match[3]),
                    .confidence = std::stod(match[4])});
  }
  return rows;
}

TensorFile read_tensors(const fs::path& path) {
  const std::string content = read_file(path);
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, content.data(), std::min(sizeof header_size, content.size()));
  const std::size_t data = sizeof header_size + header_size;
  if (content.size() < sizeof header_size || content.size() < data) {
    throw std::runtime_error(path.string() + ": ends within its header");
  }
  TensorFile file;
  std::size_t end_of_all = 0;
  const Json header = parse(content.substr(sizeof header_size, header_size), path.string());
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      file.metadata = entry;
      continue;
    }
    const std::size_t begin = entry.at("data_offsets").at(0);
    const std::size_t end = entry.at("data_offsets").at(1);
    TensorFile::Tensor tensor{.shape = entry.at("shape"), .bytes = {}};
    std::size_t size = sizeof(float);
    for (const std::size_t side : tensor.shape) {
      size *= side;
    }
    if (entry.at("dtype") != "F32" || end - begin != size || data + end > content.size()) {
      throw std::runtime_error(fmt::format("{}: tensor {} is incomplete", path.string(), name));
    }
    tensor.bytes = content.substr(data + begin, size);
    file.tensors[name] = std::move(tensor);
    end_of_all = std::max(end_of_all, data + end);
  }
  if (end_of_all != content.size()) {
    throw std::runtime_error(path.string() + ": its tensors do not fill it");
  }
  return file;
}

Json read_progress(const fs::path& checkpoint) {
  return parse(read_tensors(checkpoint).metadata.at("qmnist_gpu"), checkpoint.string());
}

std::vector<Json> read_timeless_metrics(const fs::path& path) {
  std::vector<Json> epochs = read_json_lines(path);
  for (Json& epoch : epochs) {
    epoch.erase("seconds");
  }
  return epochs;
}

ProgramResult run_on_terminal(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& argument : command) {
    argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: execv changes nothing
  }
  argv.push_back(nullptr);
  constexpr int kNotStarted = 127;
  constexpr winsize kSize{.ws_row = 40, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t process = ::forkpty(&terminal, nullptr, nullptr, &kSize);
  if (process == 0) {
    ::execv(argv[0], argv.data());
    ::_exit(kNotStarted);
  }
  std::string output;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(terminal, buffer.data(), buffer.size())) > 0;) {
    output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(terminal);
  int status = 0;
  ::waitpid(process, &status, 0);
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : kNotStarted,
          .output = std::move(output),
          .errors = {}};
}

std::map<std::string, std::string> read_folder(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[entry.path().filename()] = read_file(entry.path());
    }
  }
  return files;
}

void expect_same_result(const fs::path& run, const fs::path& expected) {
  for (const char* name : {"model.safetensors", "predictions.csv"}) {
    EXPECT_TRUE(read_file(run / name) == read_file(expected / name))
        << name << " differs between " << run << " and " << expected;
  }
  EXPECT_EQ(read_timeless_metrics(run / "metrics.jsonl"),
            read_timeless_metrics(expected / "metrics.jsonl"));
  const Json summary = read_json(run / "summary.json");
  const Json expected_summary = read_json(expected / "summary.json");
  for (const char* key : {"test_loss", "test_accuracy", "confusion", "per_class", "epochs"}) {
    EXPECT_EQ(summary.at(key), expected_summary.at(key)) << key;
  }
}

void expect_success(const ProgramResult& result) {
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "");
}

void expect_error(const ProgramResult& result, int status,
                  std::initializer_list<std::string_view> fragments) {
  EXPECT_EQ(result.status, status);
  EXPECT_TRUE(result.errors.starts_with("qmnist_gpu: error: ")) << result.errors;
  EXPECT_EQ(result.errors.find('\n') + 1, result.errors.size()) << "one line:\n" << result.errors;
  for (const std::string_view fragment : fragments) {
    expect_contains(result.errors, fragment);
  }
}

void expect_contains(std::string_view text, std::string_view fragment) {
  EXPECT_TRUE(text.find(fragment) != std::string_view::npos) << "no \"" << fragment << "\" in:\n"
                                                             << text;
}

}  // namespace qmnist::test
