#include "host/run/run_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <latch>
#include <vector>

#include "host/error.h"

namespace qmnist {
namespace {

EpochMetrics epoch_of(std::size_t number) {
  return {.epoch = number,
          .loss = 0,
          .accuracy = 0,
          .seconds = 0,
          .learning_rate = 0,
          .validation = {}};
}

Checkpoint checkpoint_of(std::uint64_t step) {
  return {.state = {.parameters = std::vector<float>(100, static_cast<float>(step)),
                    .moments = {},
                    .ema = {},
                    .step = step}};
}

/// A disk whose first checkpoint takes until finish_first(). It is read after the writer's end.
class Disk {
 public:
  RunWriter::Functions functions() {
    return {
        .append_metrics = [this](const EpochMetrics& metrics) { epochs.push_back(metrics.epoch); },
        .write_checkpoint =
            [this](const Checkpoint& checkpoint) {
              if (steps.empty()) {
                begun_.count_down();
                go_on_.wait();
              }
              steps.push_back(checkpoint.state.step);
              EXPECT_EQ(checkpoint.state.parameters,
                        checkpoint_of(checkpoint.state.step).state.parameters);
            }};
  }

  void wait_for_first() { begun_.wait(); }
  void finish_first() { go_on_.count_down(); }

  std::vector<std::size_t> epochs;
  std::vector<std::uint64_t> steps;

 private:
  std::latch begun_{1};
  std::latch go_on_{1};
};

TEST(RunWriterTest, ANewerCheckpointReplacesTheOneThatWaits) {
  Disk disk;
  RunWriter writer(disk.functions());
  writer.save(checkpoint_of(1));
  disk.wait_for_first();
  writer.save(checkpoint_of(2));  // these return, though the disk does not
  writer.save(checkpoint_of(3));
  disk.finish_first();
  writer.finish();
  EXPECT_EQ(disk.steps, (std::vector<std::uint64_t>{1, 3}));
}

TEST(RunWriterTest, EveryEpochsMetricsAreWrittenInOrder) {
  Disk disk;
  RunWriter writer(disk.functions());
  writer.save(checkpoint_of(1));
  disk.wait_for_first();
  std::vector<std::size_t> expected;
  for (std::size_t epoch = 1; epoch <= 100; ++epoch) {
    writer.append(epoch_of(epoch));
    expected.push_back(epoch);
  }
  disk.finish_first();
  writer.finish();
  EXPECT_EQ(disk.epochs, expected);
}

TEST(RunWriterTest, ItsDestructorWritesWhatWasHandedOver) {
  Disk disk;
  {
    RunWriter writer(disk.functions());
    writer.save(checkpoint_of(1));
    disk.wait_for_first();
    writer.save(checkpoint_of(2));
    writer.append(epoch_of(7));
    disk.finish_first();
  }
  EXPECT_EQ(disk.steps, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(disk.epochs, std::vector<std::size_t>{7});
}

TEST(RunWriterTest, NothingHandedOverIsNothingWritten) {
  Disk disk;
  RunWriter(disk.functions()).finish();
  EXPECT_TRUE(disk.steps.empty() && disk.epochs.empty());
}

TEST(RunWriterTest, AFailureComesWithTheNextHandOver) {
  std::latch first_begun(1);
  std::latch all_handed_over(1);
  std::latch second_begun(1);
  RunWriter writer({.append_metrics = [](const EpochMetrics&) { throw UsageError("disk full"); },
                    .write_checkpoint =
                        [&](const Checkpoint& checkpoint) {
                          if (checkpoint.state.step == 1) {
                            first_begun.count_down();
                            all_handed_over.wait();
                          } else {
                            second_begun.count_down();
                          }
                        }});
  writer.save(checkpoint_of(1));
  first_begun.wait();
  writer.append(epoch_of(1));
  writer.append(epoch_of(2));
  writer.save(checkpoint_of(2));
  all_handed_over.count_down();
  second_begun.wait();  // the metrics come first, so they have failed now
  try {
    writer.append(epoch_of(3));
    ADD_FAILURE() << "there was no UsageError";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "disk full");
  }
  EXPECT_NO_THROW(writer.finish());  // it was told once
}

TEST(RunWriterTest, AFailureOfTheLastCheckpointComesWithTheEnd) {
  RunWriter writer({.append_metrics = [](const EpochMetrics&) {},
                    .write_checkpoint = [](const Checkpoint&) { throw UsageError("disk full"); }});
  writer.save(checkpoint_of(1));
  EXPECT_THROW(writer.finish(), UsageError);
}

TEST(RunWriterTest, ItsDestructorDropsAFailure) {
  RunWriter writer({.append_metrics = [](const EpochMetrics&) { throw UsageError("disk full"); },
                    .write_checkpoint = [](const Checkpoint&) { throw UsageError("disk full"); }});
  writer.append(epoch_of(1));
}

}  // namespace
}  // namespace qmnist
