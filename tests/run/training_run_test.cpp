#include "host/run/training_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "host/error.h"
#include "tests/support/small_run.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kEpochs = 5;

/// Calls a function after each epoch.
class AfterEpoch final : public TrainingObserver {
 public:
  explicit AfterEpoch(std::function<void(std::size_t)> function) : function_(std::move(function)) {}

  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& metrics) override { function_(metrics.epoch); }

 private:
  std::function<void(std::size_t)> function_;
};

/// Waits for what the writer does meanwhile; ends in a failure after a minute.
void wait_until(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit);
    std::this_thread::sleep_for(1ms);
  }
}

class TrainingRunTest : public testing::Test {
 protected:
  [[nodiscard]] TrainingRun make_run(const std::vector<std::string>& changes) const {
    return {load_config(small_.config(), changes), dataset_, Stopwatch()};
  }
  static std::vector<std::string> checkpoint_every(const std::string& seconds) {
    return {"training.epochs=" + std::to_string(kEpochs), "output.checkpoint_seconds=" + seconds};
  }
  [[nodiscard]] bool has_checkpoint() const {
    return fs::exists(small_.file(run_file::kCheckpoint));
  }
  /// Finished epochs of the checkpoint on disk.
  [[nodiscard]] std::size_t saved_epochs() const {
    return test::read_progress(small_.file(run_file::kCheckpoint)).at("epoch");
  }
  [[nodiscard]] std::size_t logged_epochs() const {
    return test::read_json_lines(small_.file(run_file::kMetrics)).size();
  }

  test::SmallRun small_;
  Dataset dataset_ = load_dataset({.source = "mnist", .dir = small_.data("")});
};

TEST_F(TrainingRunTest, SavesAfterTheFirstEpochAndThenWhereTheTimeHasPassed) {
  TrainingRun run = make_run(checkpoint_every("100000"));
  run.start();
  AfterEpoch observer([&](std::size_t epoch) {
    wait_until([&] { return has_checkpoint(); });
    if (epoch < kEpochs) {  // the last one is saved at once
      EXPECT_EQ(saved_epochs(), 1U);
    }
  });
  EXPECT_EQ(run.train(observer, [] { return false; }), TrainingEnd::kLastEpoch);
  EXPECT_EQ(saved_epochs(), kEpochs);
}

TEST_F(TrainingRunTest, SavesAfterEveryEpochIfTheTimeIsZero) {
  TrainingRun run = make_run(checkpoint_every("0"));
  run.start();
  AfterEpoch observer([&](std::size_t epoch) {
    wait_until([&] { return has_checkpoint() && saved_epochs() == epoch; });
  });
  EXPECT_EQ(run.train(observer, [] { return false; }), TrainingEnd::kLastEpoch);
}

TEST_F(TrainingRunTest, AStoppedRunIsOnDisk) {
  for (std::size_t epochs = 0; epochs < 3; ++epochs) {
    TrainingRun run = make_run(checkpoint_every("100000"));
    run.start();
    std::size_t finished = 0;
    AfterEpoch observer([&](std::size_t epoch) { finished = epoch; });
    EXPECT_EQ(run.train(observer, [&] { return finished == epochs; }), TrainingEnd::kInterrupted);
    const test::Json progress = test::read_progress(small_.file(run_file::kCheckpoint));
    EXPECT_EQ(progress.at("epoch"), epochs);
    EXPECT_EQ(progress.at("running").at("samples"), 32U);
    EXPECT_EQ(logged_epochs(), epochs);
  }
}

TEST_F(TrainingRunTest, ALineOfMetricsFollowsEachEpoch) {
  TrainingRun run = make_run(checkpoint_every("100000"));
  run.start();
  std::ifstream follower;  // as tail -f
  AfterEpoch observer([&](std::size_t epoch) {
    if (!follower.is_open()) {
      follower.open(small_.file(run_file::kMetrics));
    }
    std::string line;
    wait_until([&] {
      follower.clear();
      return static_cast<bool>(std::getline(follower, line));
    });
    EXPECT_EQ(test::Json::parse(line).at("epoch"), epoch);
  });
  EXPECT_EQ(run.train(observer, [] { return false; }), TrainingEnd::kLastEpoch);
}

TEST_F(TrainingRunTest, AResumedRunDropsMetricsOfEpochsThatItTrainsAgain) {
  AfterEpoch nothing([](std::size_t /*epoch*/) {});
  {
    TrainingRun run = make_run({"training.epochs=2"});
    run.start();
    EXPECT_EQ(run.train(nothing, [] { return false; }), TrainingEnd::kLastEpoch);
  }
  // As a run that was killed leaves them: an epoch after the checkpoint, and a part of another one.
  const std::string lines = test::read_file(small_.file(run_file::kMetrics));
  const std::string table = test::read_file(small_.file(run_file::kMetricsTable));
  test::write_file(small_.file(run_file::kMetrics), lines + "{\"epoch\":3}\n{\"epo");
  test::write_file(small_.file(run_file::kMetricsTable), table + "3,0.1,0.9\n4,0.");
  TrainingRun run = make_run({"training.epochs=4"});
  ASSERT_TRUE(run.resume());
  EXPECT_EQ(run.train(nothing, [] { return false; }), TrainingEnd::kLastEpoch);
  EXPECT_EQ(logged_epochs(), 4U);
  EXPECT_TRUE(test::read_file(small_.file(run_file::kMetrics)).starts_with(lines));
  const std::string whole_table = test::read_file(small_.file(run_file::kMetricsTable));
  EXPECT_TRUE(whole_table.starts_with(table));
  EXPECT_EQ(std::ranges::count(whole_table, '\n'), 5);
}

TEST_F(TrainingRunTest, WallTimeIsThatOfAllSessions) {
  AfterEpoch slow([](std::size_t /*epoch*/) { std::this_thread::sleep_for(20ms); });
  {
    TrainingRun run = make_run({"training.epochs=1"});
    run.start();
    EXPECT_EQ(run.train(slow, [] { return false; }), TrainingEnd::kLastEpoch);
    EXPECT_GE(run.checkpoint().seconds_wall, run.checkpoint().history[0].seconds + 0.02);
  }
  const double saved = test::read_json(small_.file(run_file::kTimes)).at("wall");
  EXPECT_GT(saved, 0);
  TrainingRun run = make_run({"training.epochs=2"});
  ASSERT_TRUE(run.resume());
  EXPECT_EQ(run.checkpoint().seconds_wall, saved);
  EXPECT_EQ(run.train(slow, [] { return false; }), TrainingEnd::kLastEpoch);
  EXPECT_GE(run.checkpoint().seconds_wall, saved + run.checkpoint().history[1].seconds + 0.02);
}

TEST_F(TrainingRunTest, ACheckpointThatCannotBeWrittenIsAnError) {
  TrainingRun run = make_run({});
  run.start();
  test::write_file(small_.file("checkpoint.safetensors.tmp/in the way"), "");
  AfterEpoch nothing([](std::size_t /*epoch*/) {});
  try {
    (void)run.train(nothing, [] { return false; });
    ADD_FAILURE() << "there was no UsageError";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("checkpoint.safetensors: cannot be written"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace qmnist
