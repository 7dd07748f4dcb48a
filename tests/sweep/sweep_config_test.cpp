#include "host/sweep/sweep_config.h"

#include <gtest/gtest.h>

#include <functional>

#include "host/error.h"
#include "tests/support/support.h"

namespace qmnist::sweep {
namespace {

/// Expects a usage error that holds each of the words.
void expect_refusal_of(const std::function<void()>& action, const std::vector<std::string>& words) {
  try {
    action();
    ADD_FAILURE() << "was taken";
  } catch (const UsageError& error) {
    for (const std::string& word : words) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos)
          << word << " is not in: " << error.what();
    }
  }
}

/// A folder with a base config, in which tests write their sweep.
class SweepConfigTest : public testing::Test {
 protected:
  SweepConfigTest() {
    test::write_file(folder_ / "base.json", R"({"data": {"validation_fraction": 0.25}})");
  }

  [[nodiscard]] SweepConfig load(const Json& changes,
                                 const std::vector<std::string>& overrides = {}) const {
    Json sweep{{"base", "base.json"},
               {"search", "grid"},
               {"parameters", {{"training.batch_size", {16, 32}}}},
               {"output", {{"dir", "out"}}}};
    sweep.merge_patch(changes);
    test::write_file(folder_ / "sweep.json", sweep.dump());
    return load_sweep(folder_ / "sweep.json", overrides);
  }

  void expect_refusal(const Json& changes, const std::vector<std::string>& words) const {
    SCOPED_TRACE(changes.dump());
    expect_refusal_of([&] { (void)load(changes); }, words);
  }

  test::TemporaryFolder folder_;
};

TEST_F(SweepConfigTest, TakesBaseAndItsChangesFromTheFilesFolder) {
  const SweepConfig sweep =
      load({{"set", {{"training.epochs", 5}, {"data.dir", "digits"}}}, {"$schema", nullptr}});
  EXPECT_EQ(sweep.base.training.epochs, 5U);
  EXPECT_EQ(sweep.base.data.validation_fraction, 0.25);
  EXPECT_EQ(sweep.base.data.dir, folder_ / "digits");
  EXPECT_EQ(sweep.base.output.dir, folder_ / "out");
  ASSERT_EQ(sweep.parameters.size(), 1U);
  EXPECT_EQ(sweep.parameters[0].key, "training.batch_size");
  EXPECT_FALSE(sweep.is_repetition());
}

TEST(ShippedSweepTest, Loads) {
  const SweepConfig sweep = load_sweep(test::source_dir() / "configs/sweep.json", {});
  EXPECT_EQ(sweep.base.output.dir, test::source_dir() / "runs/sweep");
}

TEST_F(SweepConfigTest, ReadsRangesAndHalving) {
  const SweepConfig sweep =
      load({{"search", "halving"},
            {"trials", 9},
            {"seed", 3},
            {"halving", {{"factor", 3}, {"first_epochs", 2}}},
            {"parameters",
             {{"training.batch_size", {{"min", 16}, {"max", 64}}},
              {"optimizer.epsilon", {{"min", 1e-8}, {"max", 1e-6}, {"scale", "log"}}}}}});
  EXPECT_EQ(sweep.trials, 9U);
  EXPECT_EQ(sweep.seed, 3U);
  EXPECT_EQ(sweep.halving.factor, 3U);
  EXPECT_EQ(sweep.halving.first_epochs, 2U);
  const auto& sizes = std::get<ParameterRange>(sweep.parameters.at(0).values);
  EXPECT_TRUE(sizes.is_integer);
  EXPECT_FALSE(sizes.is_log);
  EXPECT_EQ(sizes.max, 64);
  const auto& epsilons = std::get<ParameterRange>(sweep.parameters.at(1).values);
  EXPECT_FALSE(epsilons.is_integer);
  EXPECT_TRUE(epsilons.is_log);
}

TEST_F(SweepConfigTest, OverridesChangeWhatTheFileSets) {
  const SweepConfig sweep =
      load({{"set", {{"training.epochs", 5}, {"model.activation", "gelu"}}}},
           {"training.epochs=7", "data.split=official", "output.dir=/elsewhere"});
  EXPECT_EQ(sweep.base.training.epochs, 7U);
  EXPECT_EQ(sweep.base.data.split, SplitRule::kOfficial);
  EXPECT_EQ(sweep.base.model.activation, Activation::kGelu);
  EXPECT_EQ(sweep.base.output.dir, "/elsewhere");
}

TEST_F(SweepConfigTest, RefusesOverridesThatChangeNothing) {
  expect_refusal_of([&] { (void)load(Json::object(), {"training.batch_size=8"}); },
                    {"--set training.batch_size=8: training.batch_size differs between the trials",
                     "sweep.json", "\"parameters\""});
  expect_refusal_of([&] { (void)load(Json::object(), {"data.splt=official"}); },
                    {"data.splt", "data.split"});
}

TEST_F(SweepConfigTest, NamesWhatIsWrong) {
  const auto parameters = [](const Json& values) { return Json{{"parameters", values}}; };
  expect_refusal({{"trails", 3}}, {"sweep.json", "\"trails\"", "\"search\""});
  expect_refusal({{"trials", 3}}, {"\"trials\""});  // a grid has none
  expect_refusal({{"search", "best"}}, {"search", "\"best\"", "\"halving\""});
  expect_refusal({{"search", "random"}}, {"trials is missing"});
  expect_refusal({{"search", "random"}, {"trials", "many"}}, {"trials", "\"many\"", "integer"});
  expect_refusal({{"base", nullptr}}, {"base is missing"});
  expect_refusal({{"base", "nowhere.json"}}, {"nowhere.json"});
  expect_refusal({{"output", nullptr}}, {"output is missing"});
  expect_refusal({{"set", {{"training.epoch", 3}}}}, {"set", "\"training.epochs\""});
  expect_refusal({{"set", 3}}, {"set is 3", "object"});
  expect_refusal({{"parameters", {{"training.batch_size", nullptr}}}}, {"parameters is empty"});
  expect_refusal(parameters({{"training.batchsize", {1}}}),
                 {"training.batchsize", "\"training.batch_size\""});
  expect_refusal(parameters({{"training.batch_size", Json::array()}}),
                 {"training.batch_size", "[]"});
  expect_refusal(parameters({{"training.batch_size", 3}}), {"training.batch_size is 3", "list"});
  expect_refusal(parameters({{"training.batch_size", {8, 0.5}}}), {"0.5", "integer"});
  expect_refusal(parameters({{"data.split_seed", {1, 2}}}), {"data.split_seed", "same for all"});
  expect_refusal(parameters({{"data.split", {"notebook", "official"}}}),
                 {"data.split must be the same for all", "\"set\""});
  expect_refusal(parameters({{"training.batch_size", {{"min", 8}, {"max", 16}}}}),
                 {"range", "grid"});
}

TEST_F(SweepConfigTest, NamesWhatIsWrongWithARange) {
  const auto random = [](const std::string& key, const Json& values) {
    return Json{{"search", "random"},
                {"trials", 3},
                {"parameters", {{"training.batch_size", nullptr}, {key, values}}}};
  };
  const std::string rate = "optimizer.learning_rate";
  expect_refusal(random("model.activation", {{"min", 1}, {"max", 2}}),
                 {"model.activation", "range", "\"gelu\""});
  expect_refusal(random(rate, {{"min", 0.1}}), {rate, "max is missing"});
  expect_refusal(random(rate, {{"min", -1}, {"max", 1}}), {rate, "min is -1"});
  expect_refusal(random(rate, {{"min", 0.2}, {"max", 0.1}}), {rate, "0.2", "0.1", "less"});
  expect_refusal(random(rate, {{"min", 0.1}, {"max", 0.2}, {"scale", "cubic"}}),
                 {rate, "scale", "\"cubic\"", "\"log\""});
  expect_refusal(random(rate, {{"min", 0.1}, {"max", 0.2}, {"step", 3}}), {rate, "\"step\""});
  expect_refusal(random("optimizer.beta1", {{"min", 0}, {"max", 0.9}, {"scale", "log"}}),
                 {"optimizer.beta1", "\"log\"", "more than 0"});
}

TEST_F(SweepConfigTest, NamesWhatIsWrongWithHalving) {
  const auto halving = [](std::size_t first, std::size_t epochs) {
    return Json{{"search", "halving"},
                {"trials", 3},
                {"set", {{"training.epochs", epochs}}},
                {"halving", {{"factor", 2}, {"first_epochs", first}}}};
  };
  EXPECT_EQ(load(halving(2, 3)).halving.first_epochs, 2U);
  expect_refusal(halving(3, 3), {"first_epochs is 3", "training.epochs"});
  Json no_halving = halving(2, 3);
  no_halving.erase("halving");
  expect_refusal(no_halving, {"halving is missing"});
  Json epochs = halving(2, 3);
  epochs["parameters"] = {{"training.epochs", {4, 5}}};
  expect_refusal(epochs, {"training.epochs", "same for all"});
}

TEST_F(SweepConfigTest, WantsValidationImagesUnlessItRepeatsOneExperiment) {
  const Json none{{"data.validation_fraction", 0.0}};
  const Json seeds{{"training.batch_size", nullptr}, {"training.seed", {0, 1}}};
  expect_refusal({{"set", none}}, {"validation_fraction is 0", "0.1"});
  const SweepConfig repetition = load({{"set", none}, {"parameters", seeds}});
  EXPECT_TRUE(repetition.is_repetition());
  Json both = seeds;
  both["training.batch_size"] = {16, 32};
  expect_refusal({{"set", none}, {"parameters", both}}, {"validation_fraction is 0"});
}

TEST_F(SweepConfigTest, RefusesGridsThatNobodyTrains) {
  const std::vector<int> many(101, 16);
  expect_refusal({{"parameters", {{"training.batch_size", many}, {"training.seed", many}}}},
                 {"more than 10000 trials"});
}

/// A folder with a training config that tests write.
class SeedsSweepTest : public testing::Test {
 protected:
  [[nodiscard]] SweepConfig repeat(const Json& config, std::size_t count,
                                   const std::vector<std::string>& overrides = {}) const {
    test::write_file(folder_ / "config.json", config.dump());
    return seeds_sweep(folder_ / "config.json", overrides, count);
  }

  void expect_refusal(const Json& config, std::size_t count,
                      const std::vector<std::string>& words) const {
    SCOPED_TRACE(config.dump());
    expect_refusal_of([&] { (void)repeat(config, count); }, words);
  }

  test::TemporaryFolder folder_;
};

TEST_F(SeedsSweepTest, RepeatsTheConfigWithItsSeedAndThoseAfterIt) {
  const SweepConfig sweep =
      repeat({{"training", {{"seed", 7}, {"epochs", 3}}}, {"output", {{"dir", "runs/some"}}}}, 3);
  EXPECT_TRUE(sweep.is_repetition());
  EXPECT_EQ(sweep.base.training.epochs, 3U);
  EXPECT_EQ(sweep.base.output.dir, folder_ / "runs/some-seeds");
  ASSERT_EQ(sweep.parameters.size(), 1U);
  EXPECT_EQ(sweep.parameters[0].key, kSeedKey);
  EXPECT_EQ(std::get<std::vector<Json>>(sweep.parameters[0].values), (std::vector<Json>{7, 8, 9}));
}

TEST_F(SeedsSweepTest, RepeatsTheConfigWithItsOverrides) {
  const SweepConfig sweep = repeat({{"training", {{"seed", 7}}}}, 2,
                                   {"data.split=official", "training.seed=3", "output.dir=/some"});
  EXPECT_EQ(sweep.base.data.split, SplitRule::kOfficial);
  EXPECT_EQ(std::get<std::vector<Json>>(sweep.parameters.at(0).values), (std::vector<Json>{3, 4}));
  EXPECT_EQ(sweep.base.output.dir, "/some-seeds");
}

TEST_F(SeedsSweepTest, AppendsToTheLastFoldersName) {
  EXPECT_EQ(repeat({{"output", {{"dir", "runs/some/"}}}}, 1).base.output.dir,
            folder_ / "runs/some-seeds");
  EXPECT_EQ(repeat({{"output", {{"dir", "runs/v1.5"}}}}, 1).base.output.dir,
            folder_ / "runs/v1.5-seeds");
  EXPECT_EQ(repeat({{"output", {{"dir", "."}}}}, 1).base.output.dir,
            folder_.path().string() + "-seeds");
}

TEST_F(SeedsSweepTest, TakesSeedsUpToTheLargest) {
  constexpr std::uint32_t kLargest = 0xFFFFFFFF;
  const Json config{{"training", {{"seed", kLargest - 2}}}};
  EXPECT_EQ(std::get<std::vector<Json>>(repeat(config, 3).parameters.at(0).values).back(),
            kLargest);
  expect_refusal(config, 4,
                 {"config.json: training.seed is 4294967293", "4 seeds would be 4294967296",
                  "largest seed is 4294967295", "--seeds"});
}

TEST_F(SeedsSweepTest, TellsTrainingConfigsFromSweepFiles) {
  const Json sweep{{"base", "base.json"}, {"search", "grid"}, {"parameters", Json::object()}};
  expect_refusal(sweep, 2, {"config.json: is a sweep file", "leave out --seeds"});
  expect_refusal({{"training", {{"sed", 3}}}}, 2, {"training.sed", "\"training.seed\""});
  for (const Json& config : {Json::object(), Json{{"training", {{"seed", 3}}}}}) {
    (void)repeat(config, 2);
    expect_refusal_of([&] { (void)load_sweep(folder_ / "config.json", {}); },
                      {"config.json", "no sweep file", "add --seeds 5"});
  }
}

}  // namespace
}  // namespace qmnist::sweep
