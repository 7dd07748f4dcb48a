#include "host/engines/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

namespace qmnist {
namespace {

/// Four epochs of five steps.
Schedule twenty_steps(double peak, const ScheduleSettings& settings = {}) {
  return {.peak = peak, .settings = settings, .epochs = 4, .steps_per_epoch = 5};
}

/// Some thirty roundings lie between the two formulas.
void expect_values(const Schedule& schedule,
                   const std::vector<std::pair<std::uint64_t, double>>& expected) {
  for (const auto& [step, value] : expected) {
    EXPECT_NEAR(schedule.learning_rate(step), value, 1e-14 * schedule.peak) << step;
  }
}

TEST(ScheduleTest, IsAdamsUsualLearningRateByDefault) {
  const Schedule schedule;
  for (const std::uint64_t step : {0U, 1U, 1000000U}) {
    EXPECT_EQ(schedule.learning_rate(step), 1e-3);
  }
}

TEST(ScheduleTest, ConstantIsThePeakToTheBit) {
  const Schedule schedule = twenty_steps(0.3);
  for (std::uint64_t step = 0; step < 20; ++step) {
    EXPECT_EQ(schedule.learning_rate(step), 0.3);
  }
}

TEST(ScheduleTest, WarmsUpInAStraightLineFromZero) {
  const Schedule schedule = twenty_steps(0.5, {.warmup_epochs = 0.8});
  expect_values(schedule, {{0, 0}, {1, 0.125}, {2, 0.25}, {3, 0.375}, {4, 0.5}, {19, 0.5}});
}

TEST(ScheduleTest, WarmupNeedNotEndAtAStep) {
  const Schedule schedule = twenty_steps(1, {.warmup_epochs = 0.5});
  expect_values(schedule, {{0, 0}, {1, 0.4}, {2, 0.8}, {3, 1}});
}

TEST(ScheduleTest, StepMultipliesEverySoManyEpochsAfterTheWarmup) {
  const ScheduleSettings settings{
      .name = ScheduleName::kStep, .step_epochs = 1.2, .step_factor = 0.5};
  expect_values(twenty_steps(0.8, settings), {{0, 0.8}, {5, 0.8}, {6, 0.4}, {11, 0.4}, {12, 0.2}});
  ScheduleSettings with_warmup = settings;
  with_warmup.warmup_epochs = 2;
  expect_values(twenty_steps(0.8, with_warmup),
                {{5, 0.4}, {9, 0.72}, {10, 0.8}, {15, 0.8}, {16, 0.4}, {19, 0.4}});
}

// The numbers of the tests below are PyTorch 2.15's, from
//   optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
//   scheduler = ...
//   for step in range(20):
//       print(step, optimizer.param_groups[0]["lr"]); optimizer.step(); scheduler.step()

TEST(ScheduleTest, CosineIsPyTorchs) {
  // CosineAnnealingLR(optimizer, T_max=20, eta_min=0.05)
  const Schedule schedule = twenty_steps(0.5, {.name = ScheduleName::kCosine, .final_factor = 0.1});
  expect_values(schedule, {{0, 0.5},
                           {1, 0.497229876633906},
                           {7, 0.37714786244139803},
                           {10, 0.2750000000000001},
                           {19, 0.05277012336609403},
                           {20, 0.05}});
}

TEST(ScheduleTest, CosineAfterAWarmupIsPyTorchs) {
  // SequentialLR(optimizer, [LinearLR(optimizer, 1e-300, 1, total_iters=4),
  //                          CosineAnnealingLR(optimizer, T_max=16, eta_min=0.05)], [4])
  const Schedule schedule =
      twenty_steps(0.5, {.name = ScheduleName::kCosine, .warmup_epochs = 0.8, .final_factor = 0.1});
  expect_values(schedule, {{0, 0},
                           {3, 0.37499999999999994},
                           {4, 0.5},
                           {5, 0.49567668809072685},
                           {9, 0.4000033024294105},
                           {12, 0.275},
                           {19, 0.054323311909273156}});
}

TEST(ScheduleTest, OneCycleIsPyTorchs) {
  // OneCycleLR(optimizer, 0.5, total_steps=20, final_div_factor=1 / (25 * 0.01))
  ScheduleSettings settings{.name = ScheduleName::kOneCycle, .final_factor = 0.01};
  expect_values(twenty_steps(0.5, settings), {{0, 0.02},
                                              {1, 0.06583592135001265},
                                              {4, 0.45416407864998737},
                                              {5, 0.5},
                                              {6, 0.4937946582650013},
                                              {12, 0.2525},
                                              {19, 0.005}});
  // with final_div_factor=math.inf
  settings.final_factor = 0;
  expect_values(twenty_steps(0.5, settings), {{6, 0.4937319780454559}, {12, 0.25}, {19, 0}});
}

TEST(ScheduleTest, StaysAtItsEndBeyondIt) {
  for (const ScheduleName name : {ScheduleName::kCosine, ScheduleName::kOneCycle}) {
    const Schedule schedule = twenty_steps(1, {.name = name, .final_factor = 0.25});
    expect_values(schedule, {{20, 0.25}, {25, 0.25}, {1000, 0.25}});
  }
}

TEST(ScheduleTest, DependsOnTheEpochsWhereItsTableSaysSo) {
  for (const ScheduleChoice& choice : kSchedules) {
    const Schedule four = twenty_steps(0.5, {.name = choice.value});
    Schedule five = four;
    five.epochs = 5;
    bool differs = false;
    for (std::uint64_t step = 0; step < 20; ++step) {
      differs |= four.learning_rate(step) != five.learning_rate(step);
    }
    EXPECT_EQ(differs, choice.depends_on_epochs) << choice.name;
  }
}

TEST(ScheduleTest, MovesByLittleFromStepToStep) {
  // Half a wave over n steps moves by at most pi / 2n of its height a step, a line by 1 / n.
  for (const ScheduleSettings& settings :
       {ScheduleSettings{.name = ScheduleName::kConstant, .warmup_epochs = 1.5},
        ScheduleSettings{.name = ScheduleName::kCosine, .warmup_epochs = 1.5},
        ScheduleSettings{.name = ScheduleName::kOneCycle}}) {
    const Schedule schedule{.peak = 1, .settings = settings, .epochs = 5, .steps_per_epoch = 1000};
    double before = schedule.learning_rate(0);
    for (std::uint64_t step = 1; step < 5000; ++step) {
      const double now = schedule.learning_rate(step);
      EXPECT_LT(std::abs(now - before), 1.6 / 1499) << step;
      EXPECT_LE(now, 1);
      EXPECT_GE(now, 0);
      before = now;
    }
  }
}

TEST(ScheduleTest, RunsOfAStepOrTwoHaveFiniteLearningRates) {
  for (const ScheduleChoice& choice : kSchedules) {
    for (std::uint64_t steps = 1; steps < 8; ++steps) {
      const Schedule schedule{
          .peak = 1, .settings = {.name = choice.value}, .epochs = 1, .steps_per_epoch = steps};
      for (std::uint64_t step = 0; step < steps; ++step) {
        EXPECT_GE(schedule.learning_rate(step), 0) << choice.name << " " << steps;
        EXPECT_LE(schedule.learning_rate(step), 1) << choice.name << " " << steps;
      }
    }
  }
}

}  // namespace
}  // namespace qmnist
