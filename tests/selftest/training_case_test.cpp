#include "host/selftest/training_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace qmnist::selftest {
namespace {

/// Weights [3, 2] at 0, biases [3] at 64.
const Network& network() {
  static const Network network(2, {}, 3);
  return network;
}

Outcome outcome() {
  const std::vector<float> arena(network().arena_size(), 0.5F);
  return {.state = {.parameters = arena, .moments = {arena, arena}, .ema = arena, .step = 7},
          .metrics = {.loss_sum = 1, .correct = 2, .samples = 3},
          .probabilities = {0.5, 0.25, 0.25}};
}

std::string difference_after(const std::function<void(Outcome&)>& change) {
  Outcome changed = outcome();
  change(changed);
  return difference(network(), changed, outcome());
}

TEST(DifferenceTest, OfEqualOutcomesIsEmpty) {
  EXPECT_EQ(difference(network(), outcome(), outcome()), "");
}

TEST(DifferenceTest, NamesTheFirstPlaceAndBothValues) {
  EXPECT_EQ(
      difference_after([](Outcome& o) { o.state.parameters[3] = std::nextafter(0.5F, 1.0F); }),
      "0.weight [1, 1] is 0.50000006, expected 0.5");
  EXPECT_EQ(difference_after([](Outcome& o) {
              o.state.parameters[66] = 0;
              o.state.parameters[64] = 1;
            }),
            "0.bias [0] is 1, expected 0.5");
  EXPECT_EQ(difference_after([](Outcome& o) { o.state.moments[1][65] = 0; }),
            "moment 2 of 0.bias [1] is 0, expected 0.5");
  EXPECT_EQ(difference_after([](Outcome& o) { o.state.ema[0] = 0; }),
            "EMA of 0.weight [0, 0] is 0, expected 0.5");
  EXPECT_EQ(difference_after([](Outcome& o) { o.state.parameters[10] = 0; }),
            "the gap at 10 is 0, expected 0.5");
  EXPECT_EQ(difference_after([](Outcome& o) { o.probabilities[2] = 0.5; }),
            "image 0's probability of 2 is 0.5, expected 0.25");
}

TEST(DifferenceTest, IsThatOfBits) {
  const auto with = [](float value) {
    Outcome changed = outcome();
    changed.state.parameters[0] = value;
    return changed;
  };
  const float nan = std::nanf("");
  EXPECT_EQ(difference(network(), with(nan), with(nan)), "");
  EXPECT_EQ(difference(network(), with(-0.0F), with(0)), "0.weight [0, 0] is -0, expected 0");
}

TEST(DifferenceTest, SeesMetricsStepsAndSizes) {
  for (const auto& change : std::vector<std::function<void(Outcome&)>>{
           [](Outcome& o) { o.metrics.loss_sum = std::nextafter(1.0, 2.0); },
           [](Outcome& o) { o.metrics.correct += 1; },
           [](Outcome& o) { o.state.step += 1; },
           [](Outcome& o) { o.state.moments.pop_back(); },
           [](Outcome& o) { o.state.ema.clear(); },
           [](Outcome& o) { o.state.parameters.push_back(0); },
           [](Outcome& o) { o.probabilities.pop_back(); },
       }) {
    EXPECT_NE(difference_after(change), "");
  }
}

TEST(TrainingCaseTest, TheLastBatchIsShort) {
  TrainingCase training = baseline_case(3);
  const std::vector<std::uint32_t> order = training.order(50);
  ASSERT_EQ(order.size(), 80);
  EXPECT_EQ(order[49], 49);
  EXPECT_EQ(order[50], 0);
  training.settings.batch_size = 1;
  EXPECT_EQ(training.order(50).size(), 3);
}

}  // namespace
}  // namespace qmnist::selftest
