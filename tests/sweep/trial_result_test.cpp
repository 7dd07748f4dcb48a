#include "host/sweep/trial_result.h"

#include <gtest/gtest.h>

namespace qmnist::sweep {
namespace {

TEST(TrialResultTest, IsTheSameAfterItWasSent) {
  TrialResult result{.history = {{.epoch = 1,
                                  .loss = 0.5,
                                  .accuracy = 0.75,
                                  .seconds = 1.25,
                                  .learning_rate = 0.001,
                                  .validation = {{.loss = 0.25, .accuracy = 0.875}}},
                                 {.epoch = 2,
                                  .loss = 1.0 / 3,
                                  .accuracy = 0.8,
                                  .seconds = 2,
                                  .learning_rate = 0.0005,
                                  .validation = {}}},
                     .test = {{.loss = 0.1, .accuracy = 0.97}},
                     .failure = {},
                     .best_epoch = 1,
                     .warning = "learned nothing"};
  const TrialResult received = trial_result_from(Json::parse(to_json(result).dump()));
  EXPECT_EQ(to_json(received), to_json(result));
  EXPECT_EQ(received.history[1].loss, 1.0 / 3);
  EXPECT_EQ(received.seconds(), 3.25);
  EXPECT_EQ(received.validation().value().accuracy, 0.875);
  EXPECT_EQ(received.test.value().accuracy, 0.97);
  EXPECT_EQ(received.warning, "learned nothing");
  EXPECT_FALSE(received.failure);
}

TEST(TrialResultTest, AFailureKeepsItsStatus) {
  const TrialResult result{
      .history = {}, .test = {}, .failure = Failure{ExitStatus::kData, "a line"}};
  const TrialResult received = trial_result_from(Json::parse(to_json(result).dump()));
  EXPECT_EQ(received.failure.value().status, ExitStatus::kData);
  EXPECT_EQ(received.failure->message, "a line");
  EXPECT_FALSE(received.test);
  EXPECT_FALSE(received.best_epoch);
}

}  // namespace
}  // namespace qmnist::sweep
