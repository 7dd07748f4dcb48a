#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "host/file_descriptor.h"
#include "tests/support/decode_png.h"
#include "tests/support/markup.h"
#include "tests/support/small_run.h"

namespace qmnist::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::seconds kLimit{60};
constexpr int kInterrupted = 130;
constexpr int kKilled = 128 + SIGKILL;
constexpr const char* kCheckpoint = "checkpoint.safetensors";

/// Epochs that last long enough to be interrupted in their midst.
const Json kSlow{{"model", {{"hidden", {256, 128}}}},
                 {"training", {{"epochs", 4}, {"batch_size", 2}}}};

/// Epochs of some ten milliseconds, with files large enough to be caught half written.
const Json kQuick{{"model", {{"hidden", {64, 32}}}},
                  {"training", {{"epochs", 8}, {"batch_size", 32}}},
                  {"output", {{"checkpoint_seconds", 0}}}};

/// Expects everything in the run folder to be whole, but for what is known to be half written by
/// its name.
void expect_complete(const SmallRun& run) {
  for (const auto& entry : fs::recursive_directory_iterator(run.output())) {
    const fs::path& path = entry.path();
    const std::string name = path.filename();
    try {
      if (name == "config.json" || name == "summary.json") {
        EXPECT_GE(read_json(path).size(), 5) << path;
      } else if (name == "times.json") {
        EXPECT_GT(read_json(path).at("wall"), 0);
      } else if (name == "metrics.jsonl") {
        const std::vector<Json> epochs = read_json_lines(path);
        for (std::size_t i = 0; i < epochs.size(); ++i) {
          EXPECT_EQ(epochs[i].at("epoch"), i + 1);
          EXPECT_GT(epochs[i].at("seconds"), 0);
        }
      } else if (name == "metrics.csv") {
        const std::string rows = read_file(path);
        EXPECT_TRUE(rows.starts_with("epoch,loss,") && rows.ends_with('\n')) << rows;
      } else if (name == "report.html") {
        EXPECT_EQ(elements_of(read_file(path), "section").size(), 9);
      } else if (name == "draw.html") {
        EXPECT_TRUE(read_file(path).ends_with("</html>\n"));
      } else if (path.extension() == ".png") {
        EXPECT_GT(decode_png(read_file(path)).width, 900);
      } else if (name == "predictions.csv") {
        EXPECT_EQ(read_predictions(path).size(), kTestDigits);
      } else if (name == "model.safetensors") {
        EXPECT_EQ(read_tensors(path).tensors.size(), 6);
      } else if (name == kCheckpoint) {
        EXPECT_EQ(read_tensors(path).tensors.size(), 18);
        EXPECT_GT(read_progress(path).at("step"), 0);
      } else if (name != "previous" && path.extension() != ".tmp") {
        ADD_FAILURE() << path << " is no file of a run";
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

/// Counts what happens to the files of a folder.
class FolderWatch {
 public:
  explicit FolderWatch(const fs::path& folder) : events_(::inotify_init1(IN_CLOEXEC)) {
    constexpr std::uint32_t kChanges = IN_CREATE | IN_MODIFY | IN_MOVED_TO;
    if (::inotify_add_watch(events_.get(), folder.c_str(), kChanges) < 0) {
      throw std::runtime_error("cannot watch " + folder.string());
    }
  }

  /// Waits for more changes. @return how many there were in all.
  std::size_t wait(std::chrono::milliseconds limit) {
    pollfd poll{.fd = events_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, static_cast<int>(limit.count())) > 0) {
      alignas(inotify_event) std::array<char, 4096> buffer{};
      const auto got = ::read(events_.get(), buffer.data(), buffer.size());
      inotify_event event{};
      for (ssize_t at = 0; at < got; at += static_cast<ssize_t>(sizeof event + event.len)) {
        std::memcpy(&event, buffer.data() + at, sizeof event);
        ++count_;
      }
    }
    return count_;
  }

 private:
  FileDescriptor events_;
  std::size_t count_ = 0;
};

/// Runs it with --resume and kills it at that change of a file in its run folder.
/// @return whether it was killed before it came to its end.
bool kill_at_change(const SmallRun& run, std::size_t change) {
  using namespace std::chrono_literals;
  fs::create_directories(run.output());
  FolderWatch watch(run.output());
  Program program(run.command({"--resume"}));
  const Clock::time_point end = Clock::now() + kLimit;
  while (watch.wait(5ms) < change && !program.wait_for_output("Saved in", 0s)) {
    if (Clock::now() > end) {
      throw std::runtime_error("the run neither writes nor ends: " + program.output());
    }
  }
  program.send_signal(SIGKILL);
  const ProgramResult result = program.finish();
  EXPECT_TRUE(result.status == 0 || result.status == kKilled) << result.errors;
  return result.status == kKilled;
}

TEST(ResumeTest, InterruptedRunEndsAsIfNeverInterrupted) {
  const SmallRun whole(kSlow);
  expect_success(whole.train());
  const Seconds epoch(read_json_lines(whole.output() / "metrics.jsonl").front().at("seconds"));
  const SmallRun run(kSlow);
  std::size_t within_epoch = 0;
  std::size_t finished = 0;  // a busy machine may let an epoch pass before the signal comes
  for (const auto& [next, signal] : {std::pair(false, SIGINT), {true, SIGTERM}, {true, SIGINT}}) {
    const std::string text = next ? fmt::format("Epoch {}/4", finished + 1) : "output ";
    SCOPED_TRACE(text);
    Program program(run.command({"--resume"}));
    ASSERT_TRUE(program.wait_for_output(text, kLimit));
    std::this_thread::sleep_for(0.4 * epoch);
    program.send_signal(signal);
    const ProgramResult result = program.finish();
    ASSERT_EQ(result.status, kInterrupted) << result.output << result.errors;
    EXPECT_EQ(result.errors, "");
    expect_contains(result.output, "--resume");
    expect_complete(run);
    const Json progress = read_progress(run.file(kCheckpoint));
    const std::size_t samples = progress.at("running").at("samples");
    EXPECT_LT(samples, kTrainingDigits);
    within_epoch += samples > 0 ? 1 : 0;
    finished = progress.at("epoch");
    EXPECT_EQ(finished, read_json_lines(run.file("metrics.jsonl")).size());
    EXPECT_EQ(progress.at("step"), (finished * kTrainingDigits + samples) / 2);
  }
  EXPECT_GE(within_epoch, 1);
  const ProgramResult last = run.train({"--resume"});
  expect_success(last);
  expect_contains(last.output, fmt::format("Resuming at epoch {}", finished + 1));
  expect_same_result(run.output(), whole.output());
}

TEST(ResumeTest, KilledAtRandomMomentsEndsAsIfNeverKilled) {
  constexpr std::size_t kKills = 20;
  constexpr std::size_t kAttempts = 200;
  const SmallRun whole(kQuick);
  const Clock::time_point start = Clock::now();
  expect_success(whole.train());
  const Seconds duration = Clock::now() - start;
  const SmallRun run(kQuick);
  std::mt19937 generator(20240229);  // NOLINT: the same delays every time
  std::uniform_real_distribution<double> share(0, 1.2);
  std::size_t kills = 0;
  std::size_t attempts = 0;
  for (bool finished = false; kills < kKills || !finished; ++attempts) {
    ASSERT_LT(attempts, kAttempts) << kills << " kills";
    if (finished) {
      fs::remove_all(run.output());
    }
    Program program(run.command({"--resume"}));
    std::this_thread::sleep_for(share(generator) * duration);
    program.send_signal(SIGKILL);
    const ProgramResult result = program.finish();
    ASSERT_TRUE(result.status == 0 || result.status == kKilled) << result.errors;
    finished = result.status == 0;
    kills += finished ? 0 : 1;
    if (fs::exists(run.output())) {
      expect_complete(run);
    }
    if (finished) {
      expect_same_result(run.output(), whole.output());
    }
  }
}

TEST(ResumeTest, KilledAtEachWriteEndsAsIfNeverKilled) {
  // A run of two epochs makes, fills and renames eleven files, and appends to two of them after
  // each epoch.
  constexpr std::size_t kChanges = 40;
  Json config = kQuick;
  config["training"]["epochs"] = 2;
  const SmallRun whole(config);
  expect_success(whole.train());
  const SmallRun run(config);
  std::size_t kills = 0;
  for (std::size_t change = 1; change <= kChanges; ++change) {
    SCOPED_TRACE(fmt::format("killed at change {}", change));
    kills += kill_at_change(run, change) ? 1 : 0;
    expect_complete(run);
    expect_success(run.train({"--resume"}));
    expect_complete(run);
    expect_same_result(run.output(), whole.output());
    fs::remove_all(run.output());
  }
  EXPECT_GT(kills, kChanges / 2);
}

TEST(ResumeTest, KilledAtTheEndsOfItsEpochsEndsAsIfNeverKilled) {
  Json config = kQuick;
  config["training"]["epochs"] = 16;
  const SmallRun whole(config);
  expect_success(whole.train());
  const SmallRun run(config);
  std::size_t kills = 0;
  // Three changes for the config, six for the metrics so far, then five per epoch.
  for (std::size_t change = 9; change < 19; ++change) {
    SCOPED_TRACE(fmt::format("killed at change {}", change));
    kills += kill_at_change(run, change) ? 1 : 0;
    expect_complete(run);
  }
  EXPECT_GT(kills, 3);
  expect_success(run.train({"--resume"}));
  expect_same_result(run.output(), whole.output());
}

TEST(ResumeTest, WithoutACheckpointStartsFromTheBeginning) {
  const SmallRun whole;
  expect_success(whole.train());
  const SmallRun run;
  const ProgramResult result = run.train({"--resume"});
  expect_success(result);
  expect_contains(result.output, "starting from the beginning");
  expect_same_result(run.output(), whole.output());
}

TEST(ResumeTest, RefusesAnotherConfig) {
  const SmallRun run(Json{{"training", {{"seed", 5}}}});
  expect_success(run.train());
  const auto files = read_folder(run.output());
  const std::vector<std::array<const char*, 3>> changes{
      {"training.seed", "5", "77"},
      {"training.batch_size", "32", "24"},
      {"training.shuffle", "true", "false"},
      {"optimizer.learning_rate", "0.001", "0.0035"},
      {"model.hidden", "[12,8]", "[12,9]"},
      {"data.split_seed", "42", "43"},
      {"data.split", "\"notebook\"", "official"}};
  for (const auto& [key, before, now] : changes) {
    SCOPED_TRACE(key);
    expect_error(run.train({"--resume", "--set", fmt::format("{}={}", key, now)}), 2,
                 {key, before, now});
  }
  EXPECT_TRUE(read_folder(run.output()) == files);
}

TEST(ResumeTest, RefusesFewerEpochsThanAreDone) {
  const SmallRun run;
  expect_success(run.train());
  const auto files = read_folder(run.output());
  expect_error(run.train({"--resume", "--set", "training.epochs=2"}), 2,
               {"training.epochs", "2", "3"});
  EXPECT_TRUE(read_folder(run.output()) == files);
}

TEST(ResumeTest, GoesOnToMoreEpochs) {
  const SmallRun whole(Json{{"training", {{"epochs", 5}}}});
  expect_success(whole.train());
  const SmallRun run;
  expect_success(run.train());
  expect_success(run.train({"--resume", "--set", "training.epochs=5"}));
  expect_same_result(run.output(), whole.output());
}

TEST(ResumeTest, RefusesOtherData) {
  const SmallRun run;
  expect_success(run.train());
  const auto files = read_folder(run.output());
  const fs::path images = run.data("t10k-images-idx3-ubyte");
  std::string bytes = read_file(images);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(images, bytes);
  expect_error(run.train({"--resume"}), 3, {run.file(kCheckpoint).string(), "data"});
  EXPECT_TRUE(read_folder(run.output()) == files);
}

TEST(ResumeTest, RefusesADamagedCheckpoint) {
  const SmallRun run;
  expect_success(run.train());
  const fs::path checkpoint = run.file(kCheckpoint);
  const std::string whole = read_file(checkpoint);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{300}, whole.size() / 2, whole.size() - 1}) {
    SCOPED_TRACE(size);
    write_file(checkpoint, whole.substr(0, size));
    expect_error(run.train({"--resume"}), 3, {checkpoint.string()});
  }
  for (const char* part : {R"("adam.v.2.bias")", R"("F32")", "qmnist_gpu", R"(\"step\")"}) {
    SCOPED_TRACE(part);
    std::string changed = whole;
    changed.at(changed.find(part) + 3) = '~';
    write_file(checkpoint, changed);
    expect_error(run.train({"--resume"}), 3, {checkpoint.string()});
  }
}

TEST(ResumeTest, RefusesACheckpointWithAChangedWeight) {
  const SmallRun run;
  expect_success(run.train());
  const fs::path checkpoint = run.file(kCheckpoint);
  std::string bytes = read_file(checkpoint);
  char& byte = bytes.at(bytes.size() / 2);
  byte = static_cast<char>(byte ^ 0x10);
  write_file(checkpoint, bytes);
  expect_error(run.train({"--resume"}), 3, {checkpoint.string()});
}

TEST(ResumeTest, FinishedRunStaysAsItIs) {
  const SmallRun run;
  expect_success(run.train());
  auto files = read_folder(run.output());
  expect_success(run.train({"--resume"}));
  auto files_after = read_folder(run.output());
  // These hold this process's times of loading and testing.
  for (const char* name : {"summary.json", "report.html"}) {
    EXPECT_EQ(files.erase(name), 1);
    EXPECT_EQ(files_after.erase(name), 1);
  }
  EXPECT_EQ(files.size(), 10);
  EXPECT_TRUE(files == files_after);
}

TEST(ResumeTest, TwoProgramsCannotShareAFolder) {
  Json config = kSlow;
  config["training"]["epochs"] = 1000;
  const SmallRun run(config);
  Program first(run.command());
  ASSERT_TRUE(first.wait_for_output("output ", kLimit));
  expect_error(run.train(), 2, {run.output().string(), "another run"});
  expect_error(run.train({"--resume"}), 2, {run.output().string(), "another run"});
  first.send_signal(SIGINT);
  EXPECT_EQ(first.finish().status, kInterrupted);
  expect_complete(run);
}

TEST(ResumeTest, FreshRunMovesTheEarlierOneAside) {
  const SmallRun run;
  expect_success(run.train());
  const auto first = read_folder(run.output());
  const ProgramResult result = run.train({"--set", "training.seed=2"});
  expect_success(result);
  expect_contains(result.output, "previous");
  const auto second = read_folder(run.output());
  EXPECT_EQ(second.size(), 12);
  EXPECT_FALSE(second.at("model.safetensors") == first.at("model.safetensors"));
  EXPECT_TRUE(read_folder(run.file("previous")) == first);
  expect_success(run.train({"--set", "training.seed=3"}));
  EXPECT_TRUE(read_folder(run.file("previous")) == second);
}

}  // namespace
}  // namespace qmnist::test
