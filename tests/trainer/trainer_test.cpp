#include "host/trainer/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/engines/cpu/cpu_engine.h"
#include "host/trainer/evaluation.h"
#include "tests/support/small_data.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

/// Remembers what it hears.
class Recorder final : public TrainingObserver {
 public:
  void on_epoch_begin(std::size_t epoch, const RunningMetrics& done) override {
    begun.emplace_back(epoch, done.samples);
  }
  void on_progress(const RunningMetrics& running) override { steps.push_back(running.samples); }
  void on_epoch_end(const EpochMetrics& metrics) override { ended.push_back(metrics); }

  std::vector<std::pair<std::size_t, std::uint64_t>> begun;
  std::vector<std::uint64_t> steps;
  std::vector<EpochMetrics> ended;
};

class TrainerTest : public testing::Test {
 protected:
  Config config_ = [] {
    const test::TemporaryFolder folder;
    test::write_file(folder / "run.json", R"({"model": {"hidden": [16]},
                                              "training": {"epochs": 3, "batch_size": 10}})");
    return load_config(folder / "run.json", {});
  }();
  test::SmallData data_{60, kPixels, kDigitCount};
  Split split_ = notebook_split(60, 0.1, 0, 0.1);  // 48 to train, 6 to validate, 6 to test
  Network network_{kPixels, config_.model.hidden, kDigitCount};
  cpu::CpuEngine engine_{{network_, config_.optimizer, config_.training.batch_size, 1}};
  Checkpoint checkpoint_{.state = initial_state(network_, 0)};
  Recorder recorder_;
  std::vector<Checkpoint> saved_;
  std::vector<std::size_t> logged_;
  bool is_due_ = true;

  bool run(std::size_t stop_after_steps = 1000) {
    engine_.set_state(checkpoint_.state);
    return train(
               config_, data_.view(), split_, engine_, checkpoint_,
               {.observer = recorder_,
                .stop_requested =
                    [this, stop_after_steps] { return recorder_.steps.size() >= stop_after_steps; },
                .log = [this](const EpochMetrics& metrics) { logged_.push_back(metrics.epoch); },
                .checkpoint_due = [this] { return is_due_; },
                .save = [this](const Checkpoint& checkpoint) { saved_.push_back(checkpoint); }}) !=
           TrainingEnd::kInterrupted;
  }
};

TEST_F(TrainerTest, RunsEveryEpochWithItsShortLastBatch) {
  EXPECT_TRUE(run());
  EXPECT_EQ(checkpoint_.finished_epochs(), 3U);
  EXPECT_EQ(checkpoint_.state.step, 15U);  // 48 images are 5 batches of 10, 3 times
  const std::vector<std::uint64_t> epoch{10, 20, 30, 40, 48};
  EXPECT_EQ(std::vector(recorder_.steps.begin(), recorder_.steps.begin() + 5), epoch);
  EXPECT_EQ(recorder_.steps.size(), 15U);
}

TEST_F(TrainerTest, SavesAfterEveryEpochBeforeItTells) {
  EXPECT_TRUE(run());
  ASSERT_EQ(saved_.size(), 3U);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    EXPECT_EQ(saved_[i].finished_epochs(), i + 1);
    EXPECT_EQ(saved_[i].state.step, 5 * (i + 1));
    EXPECT_EQ(saved_[i].running, RunningMetrics{});
  }
}

TEST_F(TrainerTest, SavesOnlyAtTheEndWhereNoCheckpointIsDue) {
  is_due_ = false;
  EXPECT_TRUE(run());
  ASSERT_EQ(saved_.size(), 1U);
  EXPECT_EQ(saved_[0].finished_epochs(), 3U);
  EXPECT_EQ(saved_[0].state, engine_.state());
  EXPECT_EQ(logged_, (std::vector<std::size_t>{1, 2, 3}));
}

TEST_F(TrainerTest, SavesWhereItIsStoppedEvenIfNoCheckpointIsDue) {
  is_due_ = false;
  for (const std::size_t stop : {3U, 5U, 7U}) {  // the second at the end of an epoch
    saved_.clear();
    recorder_.steps.clear();
    checkpoint_ = {.state = initial_state(network_, 0)};
    EXPECT_FALSE(run(stop)) << stop;
    ASSERT_EQ(saved_.size(), 1U) << stop;
    EXPECT_EQ(saved_[0].state, engine_.state());
    EXPECT_EQ(saved_[0].state.step, stop);
  }
}

TEST_F(TrainerTest, ReportsRunningMeansAndValidation) {
  EXPECT_TRUE(run());
  ASSERT_EQ(recorder_.ended.size(), 3U);
  const EpochMetrics& last = recorder_.ended.back();
  EXPECT_EQ(last.epoch, 3U);
  EXPECT_EQ(last.learning_rate, config_.optimizer.learning_rate);
  EXPECT_GT(last.seconds, 0);
  ASSERT_TRUE(last.validation.has_value());
  const Evaluation validation = evaluate(engine_, data_.view(), split_.validation);
  EXPECT_EQ(last.validation->loss, validation.loss);
  EXPECT_EQ(last.validation->accuracy, validation.accuracy);
}

TEST_F(TrainerTest, ReportsTheLearningRateOfAnEpochsLastStep) {
  config_.schedule = {.name = ScheduleName::kStep, .step_epochs = 2.6, .step_factor = 0.5};
  EXPECT_TRUE(run());
  const Schedule schedule = schedule_of(config_, split_.train.size());
  EXPECT_EQ(schedule.steps_per_epoch, 5U);
  EXPECT_EQ(schedule.epochs, 3U);
  EXPECT_EQ(recorder_.ended[1].learning_rate, 1e-3);  // the change comes at step 13 of 15
  EXPECT_EQ(recorder_.ended[2].learning_rate, 5e-4);
}

TEST_F(TrainerTest, StopsInsideAnEpochAndGoesOnBitForBit) {
  EXPECT_TRUE(run());
  const Checkpoint whole = checkpoint_;
  for (const std::size_t stop : {1U, 3U, 5U, 7U, 10U, 14U}) {
    recorder_.steps.clear();
    checkpoint_ = {.state = initial_state(network_, 0)};
    EXPECT_FALSE(run(stop)) << stop;
    EXPECT_EQ(checkpoint_.state.step, stop);
    EXPECT_EQ(saved_.back().state, checkpoint_.state);
    recorder_.steps.clear();
    EXPECT_TRUE(run());
    EXPECT_EQ(checkpoint_.state, whole.state) << stop;
    ASSERT_EQ(checkpoint_.history.size(), whole.history.size());
    for (std::size_t i = 0; i < whole.history.size(); ++i) {
      EXPECT_EQ(checkpoint_.history[i].loss, whole.history[i].loss) << stop;
      EXPECT_EQ(checkpoint_.history[i].accuracy, whole.history[i].accuracy) << stop;
    }
  }
}

TEST_F(TrainerTest, StopAtTheLastStepIsADoneRun) {
  EXPECT_TRUE(run(15));
  EXPECT_EQ(checkpoint_.finished_epochs(), 3U);
}

/// Takes an epoch as ten steps, after each of which it has classified so many more images
/// correctly, and answers 3 for any image.
class ScriptedSteps final : public Engine {
 public:
  explicit ScriptedSteps(std::vector<std::uint64_t> correct) : correct_(std::move(correct)) {}

  [[nodiscard]] std::string device() const override { return "script"; }
  void set_state(const TrainingState& /*state*/) override {}
  [[nodiscard]] TrainingState state() const override { return {}; }
  void train(const DataView& /*data*/, std::span<const std::uint32_t> order,
             RunningMetrics& metrics, const StepCallback& keep_going) override {
    for (const std::uint64_t correct : correct_) {
      metrics.samples += order.size() / correct_.size();
      metrics.correct += correct;
      (void)keep_going(metrics);
    }
  }
  [[nodiscard]] std::vector<float> gradients(const DataView& /*data*/,
                                             std::span<const std::uint32_t> /*batch*/) override {
    return {};
  }
  [[nodiscard]] std::vector<float> predict(const DataView& /*data*/,
                                           std::span<const std::uint32_t> indices) override {
    predicted += indices.size();
    std::vector<float> probabilities(indices.size() * kDigitCount);
    for (std::size_t i = 3; i < probabilities.size(); i += kDigitCount) {
      probabilities[i] = 1;
    }
    return probabilities;
  }

  std::size_t predicted = 0;  ///< images so far

 private:
  std::vector<std::uint64_t> correct_;
};

class CollapseRecorder final : public TrainingObserver {
 public:
  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& metrics) override { ended = metrics.epoch; }
  void on_collapse(std::size_t epoch, const ChanceLevel& level) override {
    EXPECT_EQ(epoch, ended);
    found.push_back(level);
  }

  std::size_t ended = 0;
  std::vector<ChanceLevel> found;
};

/// Trains two epochs of 3,000 images, each of ten steps with so many correct ones.
std::vector<ChanceLevel> collapses_of(ScriptedSteps& engine) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "run.json", R"({"training": {"epochs": 2, "batch_size": 300}})");
  const test::SmallData data(3000, 1, kDigitCount);
  const Split split{.train = data.all(), .validation = {}, .test = {}};
  CollapseRecorder recorder;
  Checkpoint checkpoint;
  EXPECT_EQ(train(load_config(folder / "run.json", {}), data.view(), split, engine, checkpoint,
                  {.observer = recorder,
                   .stop_requested = [] { return false; },
                   .log = [](const EpochMetrics&) {},
                   .checkpoint_due = [] { return true; },
                   .save = [](const Checkpoint&) {}}),
            TrainingEnd::kLastEpoch);
  return recorder.found;
}

TEST(TrainerCollapseTest, IsToldAfterTheEpochInWhichItComes) {
  // Good for nine tenths of the epoch, then as good as chance.
  ScriptedSteps engine({270, 270, 270, 270, 270, 270, 270, 270, 270, 30});
  const auto found = collapses_of(engine);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].images, 2000U);
  EXPECT_EQ(found[0].top_class, 3U);
  EXPECT_TRUE(found[0].is_constant());
}

TEST(TrainerCollapseTest, LooksAtNoImageWhereTheNetworkLearns) {
  ScriptedSteps engine({30, 40, 60, 90, 120, 150, 150, 150, 150, 150});
  EXPECT_TRUE(collapses_of(engine).empty());
  EXPECT_EQ(engine.predicted, 0U);
}

TEST(EpochOrderTest, IsAPermutationOfTheTrainingPartAndFollowsSeedAndEpoch) {
  const std::vector<std::uint32_t> train{9, 4, 7, 1, 30, 2, 8, 6};
  TrainingSettings training{.epochs = 1,
                            .batch_size = 1,
                            .shuffle = true,
                            .seed = 3,
                            .threads = 1,
                            .math = MathMode::kFp32,
                            .early_stopping = 0,
                            .target_accuracy = 0};
  const auto first = epoch_order(train, training, 1);
  EXPECT_TRUE(std::ranges::is_permutation(first, train));
  EXPECT_NE(first, train);
  EXPECT_EQ(first, epoch_order(train, training, 1));
  EXPECT_NE(first, epoch_order(train, training, 2));
  training.seed = 4;
  EXPECT_NE(first, epoch_order(train, training, 1));
  training.shuffle = false;
  EXPECT_EQ(train, epoch_order(train, training, 1));
}

}  // namespace
}  // namespace qmnist
