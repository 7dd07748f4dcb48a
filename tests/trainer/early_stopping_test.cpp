#include <gtest/gtest.h>

#include "host/trainer/trainer.h"
#include "tests/support/small_data.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

/// What an epoch's validation gives.
struct Script {
  double loss;
  std::size_t correct;  ///< of the validation images
};

/// Takes an epoch as one step, has the number of epochs as its only weight, and is validated as
/// the script says.
class ScriptedEngine final : public Engine {
 public:
  explicit ScriptedEngine(std::vector<Script> script) : script_(std::move(script)) {}

  [[nodiscard]] std::string device() const override { return "script"; }
  void set_state(const TrainingState& state) override { state_ = state; }
  [[nodiscard]] TrainingState state() const override {
    copies += 1;
    return state_;
  }

  void train(const DataView& /*data*/, std::span<const std::uint32_t> order,
             RunningMetrics& metrics, const StepCallback& keep_going) override {
    metrics.samples = order.size();
    state_.parameters.at(0) += 1;
    state_.step += 1;
    (void)keep_going(metrics);
  }
  [[nodiscard]] std::vector<float> gradients(const DataView& /*data*/,
                                             std::span<const std::uint32_t> /*batch*/) override {
    return {};
  }
  [[nodiscard]] std::vector<float> predict(const DataView& /*data*/,
                                           std::span<const std::uint32_t> /*indices*/) override {
    return {};
  }
  [[nodiscard]] Scores score(const DataView& /*data*/,
                             std::span<const std::uint32_t> indices) override {
    const Script& epoch = script_.at(state_.step - 1);
    Scores scores{.classes = kDigitCount,
                  .images = std::vector<Score>(indices.size()),
                  .loss_sum = epoch.loss * static_cast<double>(indices.size()),
                  .confusion = std::vector<std::uint64_t>(kDigitCount * kDigitCount)};
    scores.confusion[0] = epoch.correct;
    scores.confusion[1] = indices.size() - epoch.correct;
    return scores;
  }

  mutable std::size_t copies = 0;  ///< of its state

 private:
  std::vector<Script> script_;
  TrainingState state_;
};

class Silent final : public TrainingObserver {
 public:
  void on_epoch_begin(std::size_t /*epoch*/, const RunningMetrics& /*done*/) override {}
  void on_progress(const RunningMetrics& /*running*/) override {}
  void on_epoch_end(const EpochMetrics& /*metrics*/) override {}
};

class EarlyStoppingTest : public testing::Test {
 protected:
  static Config config_with(const std::vector<std::string>& assignments) {
    const test::TemporaryFolder folder;
    test::write_file(folder / "run.json", "{}");
    return load_config(folder / "run.json", assignments);
  }

  /// @param stop_after asks for the stop after so many epochs of this call
  TrainingEnd run(const Config& config, const std::vector<Script>& script,
                  std::size_t stop_after = 1000) {
    ScriptedEngine engine(script);
    engine.set_state(checkpoint_.state);
    Silent observer;
    std::size_t epochs = 0;
    const TrainingEnd end = train(config, data_.view(), split_, engine, checkpoint_,
                                  {.observer = observer,
                                   .stop_requested = [&] { return epochs >= stop_after; },
                                   .log = [&](const EpochMetrics&) { ++epochs; },
                                   .checkpoint_due = [this] { return is_due_; },
                                   .save = [this](const Checkpoint& c) { saved_ = c; }});
    copies_ = engine.copies;
    weight_ = engine.state().parameters.at(0);
    return end;
  }

  test::SmallData data_{60, 4, kDigitCount};
  Split split_ = notebook_split(60, 0.1, 0, 0.2);  // 11 to validate
  const Checkpoint initial_{.state = {.parameters = {0}, .moments = {{0}, {0}}, .step = 0}};
  Checkpoint checkpoint_ = initial_;
  Checkpoint saved_;
  bool is_due_ = true;
  std::size_t copies_ = 0;  ///< of the engine's state
  float weight_ = 0;        ///< the engine's in the end
};

// Least in the third epoch; the fifth is as low, but no lower.
const std::vector<Script> kScript{{3, 0}, {2.5, 0}, {1.5, 0}, {1.6, 0}, {1.5, 0}, {1.4, 0}};

TEST_F(EarlyStoppingTest, EndsAfterThatManyEpochsWithoutALowerLoss) {
  const Config config = config_with({"training.early_stopping=2"});
  EXPECT_EQ(run(config, kScript), TrainingEnd::kStoppedEarly);
  EXPECT_EQ(checkpoint_.finished_epochs(), 5U);
  ASSERT_TRUE(checkpoint_.best.has_value());
  EXPECT_EQ(checkpoint_.best->epoch, 3U);
  EXPECT_EQ(weight_, 3);
  EXPECT_EQ(checkpoint_.state.parameters.at(0), 3);
}

TEST_F(EarlyStoppingTest, SavesTheLastWeightsBesideTheBest) {
  (void)run(config_with({"training.early_stopping=2"}), kScript);
  EXPECT_EQ(saved_.state.parameters.at(0), 5);
  ASSERT_TRUE(saved_.best.has_value());
  EXPECT_EQ(saved_.best->parameters.at(0), 3);
}

TEST_F(EarlyStoppingTest, CopiesTheStateForACheckpointOrANewBestOnly) {
  const Config config = config_with({"training.early_stopping=2"});
  (void)run(config, kScript);
  EXPECT_EQ(copies_, 5U);  // once an epoch, though the first three are the best and saved
  checkpoint_ = initial_;
  is_due_ = false;
  (void)run(config, kScript);
  EXPECT_EQ(copies_, 4U);  // not after the fourth epoch
  EXPECT_EQ(saved_.state.parameters.at(0), 5);
  EXPECT_EQ(saved_.best->parameters.at(0), 3);
  checkpoint_ = initial_;
  (void)run(config_with({"training.epochs=5"}), kScript);
  EXPECT_EQ(copies_, 1U);
}

TEST_F(EarlyStoppingTest, ALowerLossStartsThePatienceAnew) {
  const Config config = config_with({"training.early_stopping=3", "training.epochs=6"});
  EXPECT_EQ(run(config, kScript), TrainingEnd::kLastEpoch);
  EXPECT_EQ(checkpoint_.best->epoch, 6U);
  EXPECT_EQ(weight_, 6);
}

TEST_F(EarlyStoppingTest, RestoresTheBestAtTheLastEpochToo) {
  const Config config = config_with({"training.early_stopping=9", "training.epochs=5"});
  EXPECT_EQ(run(config, kScript), TrainingEnd::kLastEpoch);
  EXPECT_EQ(weight_, 3);
}

TEST_F(EarlyStoppingTest, GoesOnInTheMidstOfThePatience) {
  const Config config = config_with({"training.early_stopping=2"});
  for (std::size_t stop = 1; stop < 5; ++stop) {
    checkpoint_ = initial_;
    EXPECT_EQ(run(config, kScript, stop), TrainingEnd::kInterrupted);
    EXPECT_EQ(weight_, stop) << "an interrupted run keeps its last weights";
    EXPECT_EQ(run(config, kScript), TrainingEnd::kStoppedEarly);
    EXPECT_EQ(checkpoint_.finished_epochs(), 5U);
    EXPECT_EQ(weight_, 3);
  }
}

TEST_F(EarlyStoppingTest, AnEndedRunStaysEnded) {
  const Config config = config_with({"training.early_stopping=2"});
  (void)run(config, kScript);
  checkpoint_ = saved_;
  EXPECT_EQ(run(config, kScript), TrainingEnd::kStoppedEarly);
  EXPECT_EQ(checkpoint_.finished_epochs(), 5U);
  EXPECT_EQ(weight_, 3);
}

// Right are more and more, but in the fifth epoch.
const std::vector<Script> kRising{{1, 3}, {0.5, 6}, {0.7, 8}, {0.6, 9}, {0.4, 8}, {0.3, 11}};

TEST_F(EarlyStoppingTest, EndsWithTheEpochThatReachesTheTarget) {
  // 8 of 11 are 0.7273.
  const Config config = config_with({"training.target_accuracy=0.7272"});
  EXPECT_EQ(run(config, kRising), TrainingEnd::kTargetReached);
  EXPECT_EQ(checkpoint_.finished_epochs(), 3U);
  EXPECT_FALSE(checkpoint_.best.has_value());
  EXPECT_EQ(run(config, kRising), TrainingEnd::kTargetReached) << "it stays ended";
  EXPECT_EQ(checkpoint_.finished_epochs(), 3U);
}

TEST_F(EarlyStoppingTest, TheTargetMayBeReachedInTheLastEpochOrNever) {
  EXPECT_EQ(run(config_with({"training.target_accuracy=1", "training.epochs=6"}), kRising),
            TrainingEnd::kTargetReached);
  checkpoint_ = initial_;
  EXPECT_EQ(run(config_with({"training.target_accuracy=1", "training.epochs=5"}), kRising),
            TrainingEnd::kLastEpoch);
}

TEST_F(EarlyStoppingTest, TheEpochThatReachesTheTargetIsTheBestWhateverItsLoss) {
  const Config config =
      config_with({"training.target_accuracy=0.7272", "training.early_stopping=2"});
  EXPECT_EQ(run(config, kRising), TrainingEnd::kTargetReached);
  EXPECT_EQ(checkpoint_.best->epoch, 3U);  // the second had the least loss
  EXPECT_EQ(weight_, 3);
}

TEST_F(EarlyStoppingTest, MayEndTrainingBeforeTheTargetIsReached) {
  const Config config = config_with({"training.target_accuracy=0.8", "training.early_stopping=1"});
  EXPECT_EQ(run(config, kRising), TrainingEnd::kStoppedEarly);
  EXPECT_EQ(checkpoint_.finished_epochs(), 3U);
  EXPECT_EQ(weight_, 2);
}

TEST_F(EarlyStoppingTest, IsOffByDefaultAndThenKeepsNoCopy) {
  EXPECT_EQ(run(config_with({"training.epochs=5"}), kScript), TrainingEnd::kLastEpoch);
  EXPECT_FALSE(checkpoint_.best.has_value());
  EXPECT_EQ(weight_, 5);
}

}  // namespace
}  // namespace qmnist
