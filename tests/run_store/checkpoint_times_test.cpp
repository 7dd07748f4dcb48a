#include "host/run_store/checkpoint_times.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/support/support.h"

namespace qmnist {
namespace {

/// A checkpoint after so many epochs, within the next one.
Checkpoint after(std::size_t epochs) {
  Checkpoint checkpoint;
  for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
    checkpoint.history.push_back({.epoch = epoch,
                                  .loss = 1,
                                  .accuracy = 0.5,
                                  .seconds = 0,
                                  .learning_rate = 0.1,
                                  .validation = {}});
  }
  checkpoint.running.samples = 32;
  return checkpoint;
}

class CheckpointTimesTest : public testing::Test {
 protected:
  void SetUp() override {
    Checkpoint saved = after(2);
    saved.history[0].seconds = 1.0 / 3;
    saved.history[1].seconds = 0.25;
    saved.running_seconds = 0.125;
    saved.seconds_wall = 2.75;
    write_times(path_, saved);
  }

  test::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "times.json";
};

TEST_F(CheckpointTimesTest, AreGivenBack) {
  Checkpoint checkpoint = after(2);
  read_times(path_, checkpoint);
  EXPECT_EQ(checkpoint.history[0].seconds, 1.0 / 3);
  EXPECT_EQ(checkpoint.history[1].seconds, 0.25);
  EXPECT_EQ(checkpoint.running_seconds, 0.125);
  EXPECT_EQ(checkpoint.seconds_wall, 2.75);
}

TEST_F(CheckpointTimesTest, OfALaterMomentHoldThoseOfTheEpochs) {
  // A run that was killed before it replaced its checkpoint begins the second epoch again.
  Checkpoint checkpoint = after(1);
  checkpoint.running.samples = 0;
  read_times(path_, checkpoint);
  EXPECT_EQ(checkpoint.history[0].seconds, 1.0 / 3);
  EXPECT_EQ(checkpoint.running_seconds, 0);
  EXPECT_EQ(checkpoint.seconds_wall, 2.75);
}

TEST_F(CheckpointTimesTest, OfAnEarlierMomentLackSome) {
  Checkpoint checkpoint = after(3);
  read_times(path_, checkpoint);
  EXPECT_EQ(checkpoint.history[1].seconds, 0.25);
  EXPECT_EQ(checkpoint.history[2].seconds, 0);
}

TEST_F(CheckpointTimesTest, AreZeroWithoutAWholeFile) {
  const std::string content = test::read_file(path_);
  for (const std::string& other :
       {std::string(), content.substr(0, content.size() / 2), std::string("[1, 2]"),
        std::string(R"({"epochs": [1, 2], "running": 1})"),
        std::string(R"({"epochs": ["a", 2], "running": 1, "wall": 1})")}) {
    SCOPED_TRACE(other);
    test::write_file(path_, other);
    Checkpoint checkpoint = after(2);
    read_times(path_, checkpoint);
    EXPECT_EQ(checkpoint.history[0].seconds, 0);
    EXPECT_EQ(checkpoint.running_seconds, 0);
    EXPECT_EQ(checkpoint.seconds_wall, 0);
  }
  std::filesystem::remove(path_);
  Checkpoint checkpoint = after(2);
  EXPECT_NO_THROW(read_times(path_, checkpoint));
  EXPECT_EQ(checkpoint.seconds_wall, 0);
}

}  // namespace
}  // namespace qmnist
