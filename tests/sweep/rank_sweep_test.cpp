// Ranks that share the trials of a sweep end with the results of one process.

#include <gtest/gtest.h>

#include "host/sweep/sweep.h"
#include "tests/support/small_sweep.h"
#include "tests/support/thread_world.h"

namespace qmnist::sweep {
namespace {

using test::SmallSweep;
using test::ThreadWorld;

class CountingObserver final : public SweepObserver {
 public:
  void on_progress(std::size_t /*samples*/) override {}
  void on_trial_end(std::size_t trial, const TrialResult& /*result*/, bool is_new) override {
    ended.push_back(trial);
    all_new = all_new && is_new;
  }

  std::vector<std::size_t> ended;
  bool all_new = true;
};

bool never_stop() {
  return false;
}

/// The trials that rank 0 was told of, in their order.
std::vector<std::size_t> train_on_ranks(std::size_t ranks, const SmallSweep& small) {
  SweepConfig config = load_sweep(small.run().folder() / "sweep.json", {});
  config.base.device = "cpu";
  const Dataset dataset = load_dataset(config.base.data);
  std::vector<std::size_t> ended;
  ThreadWorld::run(ranks, [&](World& world) {
    Sweep sweep(config, dataset, {.jobs = 1, .device_indices = {0}, .world = &world});
    CountingObserver observer;
    EXPECT_TRUE(sweep.run(observer, never_stop)) << "rank " << world.rank();
    if (world.rank() == 0) {
      EXPECT_TRUE(observer.all_new);
      EXPECT_TRUE(sweep.is_complete() || config.search == Search::kHalving);
      ended = observer.ended;
    }
  });
  std::ranges::sort(ended);
  return ended;
}

void expect_same_models(const SmallSweep& actual, const SmallSweep& expected, const char* file) {
  for (const char* trial : {"000", "001", "002", "003"}) {
    const auto name = std::filesystem::path(trial) / file;
    EXPECT_EQ(test::read_file(actual.file(name.string())),
              test::read_file(expected.file(name.string())))
        << trial;
  }
}

TEST(RankSweepTest, TrainsTheTrialsOfOneProcess) {
  const SmallSweep alone;
  EXPECT_EQ(train_on_ranks(1, alone), (std::vector<std::size_t>{0, 1, 2, 3}));
  for (const std::size_t ranks : {2, 3, 7}) {
    const SmallSweep small;
    EXPECT_EQ(train_on_ranks(ranks, small), (std::vector<std::size_t>{0, 1, 2, 3}));
    expect_same_models(small, alone, "model.safetensors");
  }
}

TEST(RankSweepTest, HalvingGoesOnWithTheBestOfAllRanks) {
  const Json halving = Json::parse(
      R"({"search": "halving", "trials": 4, "halving": {"factor": 2, "first_epochs": 1}})");
  const SmallSweep alone(halving);
  const std::vector<std::size_t> expected = train_on_ranks(1, alone);
  EXPECT_EQ(expected.size(), 6);  // of two rungs
  const SmallSweep small(halving);
  EXPECT_EQ(train_on_ranks(3, small), expected);
  expect_same_models(small, alone, "checkpoint.safetensors");
}

}  // namespace
}  // namespace qmnist::sweep
