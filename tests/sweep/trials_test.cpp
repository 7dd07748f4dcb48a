#include "host/sweep/trials.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/support/support.h"

namespace qmnist::sweep {
namespace {

SweepConfig sweep_of(Search search, std::vector<Parameter> parameters, std::size_t trials = 0) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "base.json", R"({"output": {"dir": "/sweeps/one"}})");
  return {.base = load_config(folder / "base.json", {}),
          .search = search,
          .parameters = std::move(parameters),
          .trials = trials,
          .seed = 7,
          .halving = {.factor = 3, .first_epochs = 1}};
}

std::vector<Parameter> three_parameters() {
  return {{"training.batch_size", ParameterRange{8, 11, false, true}},
          {"optimizer.epsilon", ParameterRange{1e-8, 1e-4, true, false}},
          {"model.hidden", std::vector<Json>{{32}, {64, 32}}}};
}

TEST(TrialsTest, GridHasEveryCombinationTheLastKeyFastest) {
  const auto trials =
      make_trials(sweep_of(Search::kGrid, {{"training.batch_size", std::vector<Json>{16, 32}},
                                           {"training.seed", std::vector<Json>{5, 6, 7}}}));
  ASSERT_EQ(trials.size(), 6U);
  EXPECT_EQ(trials[1].parameters.dump(), R"({"training.batch_size":16,"training.seed":6})");
  EXPECT_EQ(trials[3].parameters.dump(), R"({"training.batch_size":32,"training.seed":5})");
  EXPECT_EQ(trials[3].config.training.batch_size, 32U);
  EXPECT_EQ(trials[3].config.training.seed, 5U);
  EXPECT_EQ(trials[3].config.training.epochs, 10U);
  EXPECT_EQ(trials[3].config.output.dir, "/sweeps/one/003");
}

TEST(TrialsTest, DrawsFromListsAndRanges) {
  std::set<std::size_t> sizes;
  std::set<std::size_t> layers;
  std::size_t small = 0;
  const auto trials = make_trials(sweep_of(Search::kRandom, three_parameters(), 400));
  ASSERT_EQ(trials.size(), 400U);
  for (const Trial& trial : trials) {
    sizes.insert(trial.config.training.batch_size);
    layers.insert(trial.config.model.hidden.size());
    const double epsilon = trial.config.optimizer.epsilon;
    EXPECT_GE(epsilon, 1e-8);
    EXPECT_LE(epsilon, 1e-4);
    small += epsilon < 1e-6 ? 1 : 0;
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{8, 9, 10, 11}));
  EXPECT_EQ(layers, (std::set<std::size_t>{1, 2}));
  // Half of a logarithmic range lies below its middle; 200 +- 5 standard deviations of 10.
  EXPECT_NEAR(static_cast<double>(small), 200, 50);
}

TEST(TrialsTest, DrawnTrialsFollowFromTheSeed) {
  SweepConfig sweep = sweep_of(Search::kRandom, three_parameters(), 12);
  const auto trials = make_trials(sweep);
  sweep.trials = 20;
  const auto more = make_trials(sweep);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].parameters, more[i].parameters) << i;
  }
  sweep.seed = 8;
  EXPECT_NE(make_trials(sweep)[0].parameters, trials[0].parameters);
}

TEST(TrialsTest, HalvingKeepsTheBestOfEachRung) {
  const auto rungs_of = [](std::size_t trials) {
    std::vector<std::pair<std::size_t, std::size_t>> rungs;
    for (const Rung& rung : make_rungs(sweep_of(Search::kHalving, {}), trials)) {
      rungs.emplace_back(rung.trials, rung.epochs);
    }
    return rungs;
  };
  using Rungs = std::vector<std::pair<std::size_t, std::size_t>>;
  EXPECT_EQ(rungs_of(30), (Rungs{{30, 1}, {10, 3}, {3, 9}, {1, 10}}));  // of 10 epochs
  EXPECT_EQ(rungs_of(4), (Rungs{{4, 1}, {1, 3}, {1, 9}, {1, 10}}));
  EXPECT_EQ(make_rungs(sweep_of(Search::kRandom, {}, 5), 5).size(), 1U);
}

}  // namespace
}  // namespace qmnist::sweep
