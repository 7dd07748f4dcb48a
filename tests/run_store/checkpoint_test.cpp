#include "host/run_store/checkpoint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <span>
#include <string>

#include "host/error.h"
#include "host/model/safetensors.h"
#include "tests/support/config_probe.h"
#include "tests/support/support.h"

namespace qmnist {
namespace {

class CheckpointTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "checkpoint.safetensors";
  Dataset dataset_{.source = "mnist",
                   .name = "MNIST",
                   .pixels = {},
                   .labels = {},
                   .parts = {},
                   .files = {{"images", "0123"}, {"labels", "4567"}}};
  Config config_ = config_with("model.hidden=[5]");
  Network network_{kPixels, config_.model.hidden, kDigitCount};
  Checkpoint checkpoint_{
      .state = initial_state(network_, 1),
      .history = {{.epoch = 1,
                   .loss = 0.1,
                   .accuracy = 2.0 / 3,
                   .seconds = 1.5,
                   .learning_rate = 1e-3,
                   .validation = EpochMetrics::Validation{.loss = 0.25, .accuracy = 0.5}}},
      .running = {.loss_sum = 1.0 / 3, .correct = 17, .samples = 64},
      .running_seconds = 0.125,
      .seconds_wall = 2.75};

  [[nodiscard]] Config config_with(const std::string& assignment) const {
    test::write_file(folder_ / "run.json", "{}");
    return load_config(folder_ / "run.json",
                       std::vector<std::string>{"model.hidden=[5]", assignment});
  }

  void SetUp() override {
    checkpoint_.state.step = 1U << 20U;
    checkpoint_.state.moments = moments_or_zeros(checkpoint_.state, 2);
    for (std::size_t i = 0; i < network_.layers()[0].weight.size; ++i) {
      checkpoint_.state.moments[0][i] = std::ldexp(1.0F, -static_cast<int>(i % 140));
      checkpoint_.state.moments[1][i] = 1.0F / static_cast<float>(i + 1);
    }
    write_checkpoint(path_, checkpoint_, network_, config_, dataset_);
  }

  [[nodiscard]] Checkpoint read_for(const Config& config) const {
    return read_checkpoint(path_, network_, config, dataset_);
  }
};

TEST_F(CheckpointTest, GivesBackEveryBit) {
  const Checkpoint read = read_for(config_);
  EXPECT_EQ(read.state, checkpoint_.state);
  EXPECT_EQ(read.running, checkpoint_.running);
  EXPECT_EQ(read.running_seconds, checkpoint_.running_seconds);
  EXPECT_EQ(read.seconds_wall, checkpoint_.seconds_wall);
  ASSERT_EQ(read.history.size(), 1U);
  EXPECT_EQ(to_json(read.history[0]), to_json(checkpoint_.history[0]));
}

TEST_F(CheckpointTest, GivesBackTheBestEpoch) {
  EXPECT_FALSE(read_for(config_).best.has_value());
  std::vector<float> parameters = initial_state(network_, 2).parameters;
  checkpoint_.best = {.epoch = 1, .loss = 1.0 / 3, .parameters = std::move(parameters)};
  write_checkpoint(path_, checkpoint_, network_, config_, dataset_);
  EXPECT_EQ(read_for(config_).best, checkpoint_.best);
  EXPECT_EQ(read_for(config_).state, checkpoint_.state);
}

TEST_F(CheckpointTest, OfEqualRunsAreEqual) {
  const std::string before = test::read_file(path_);
  checkpoint_.history[0].seconds = 2;
  checkpoint_.running_seconds = 3;
  checkpoint_.seconds_wall = 4;
  Config config = config_;
  const Json values = config_json(config);
  for (const ConfigKey& key : config_keys()) {
    if (test::is_free(key)) {
      const Json value = test::another_value(key, value_of(values, key.name));
      config = with_changes(config, {{std::string(key.name), value}}, "test", folder_.path());
    }
  }
  write_checkpoint(path_, checkpoint_, network_, config, dataset_);
  EXPECT_TRUE(test::read_file(path_) == before);
}

TEST_F(CheckpointTest, KeepsItsArithmetic) {
  EXPECT_EQ(read_for(config_).arithmetic, kArithmetic);
  checkpoint_.arithmetic = kArithmeticWithCublas;
  write_checkpoint(path_, checkpoint_, network_, config_, dataset_);
  EXPECT_EQ(read_for(config_).arithmetic, kArithmeticWithCublas);
}

TEST_F(CheckpointTest, AnotherArithmeticIsRefused) {
  Safetensors file = read_safetensors(path_);
  const auto expect_refusal = [&](const std::string& version) {
    write_safetensors(path_, file);
    try {
      (void)read_for(config_);
      ADD_FAILURE() << "not refused: " << version;
    } catch (const DataError& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find("version " + version), std::string::npos) << what;
      EXPECT_NE(what.find(fmt::format("version {}", kArithmetic)), std::string::npos) << what;
      EXPECT_NE(what.find("--resume"), std::string::npos) << what;
    }
  };
  file.metadata["arithmetic"] = "1000-cublas";
  expect_refusal("1000-cublas");
  file.metadata.erase("arithmetic");
  expect_refusal("0");
}

TEST_F(CheckpointTest, ChangedBestWeightsAreRefused) {
  checkpoint_.best = {.epoch = 1, .loss = 0.5, .parameters = checkpoint_.state.parameters};
  write_checkpoint(path_, checkpoint_, network_, config_, dataset_);
  Safetensors file = read_safetensors(path_);
  checkpoint_.best->parameters.front() += 1;
  file.tensors.clear();
  file.add_arena(network_, checkpoint_.state.parameters, "model.");
  file.add_arena(network_, checkpoint_.state.moments[0], "adam.m.");
  file.add_arena(network_, checkpoint_.state.moments[1], "adam.v.");
  file.add_arena(network_, checkpoint_.best->parameters, "best.");
  write_safetensors(path_, file);
  EXPECT_THROW((void)read_for(config_), DataError);
}

TEST_F(CheckpointTest, AFlippedBitOfAnyTensorIsRefused) {
  const Config averaging = config_with("regularization.ema_decay=0.9");
  checkpoint_.state.ema = initial_state(network_, 3).parameters;
  checkpoint_.best = {.epoch = 1, .loss = 0.5, .parameters = initial_state(network_, 2).parameters};
  write_checkpoint(path_, checkpoint_, network_, averaging, dataset_);
  EXPECT_EQ(read_for(averaging).state, checkpoint_.state);
  const Safetensors written = read_safetensors(path_);
  EXPECT_EQ(written.tensors.size(), 5 * network_.tensors().size());
  for (const auto& [name, tensor] : written.tensors) {
    Safetensors flipped = written;
    float& value = flipped.tensors.at(name).values.back();
    value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ 1U);
    write_safetensors(path_, flipped);
    EXPECT_THROW((void)read_for(averaging), DataError) << name;
  }
}

TEST_F(CheckpointTest, AChangedNumberOfTheRunIsRefused) {
  const std::string content = test::read_file(path_);
  for (const auto& [text, changed] :
       std::map<std::string, std::string>{{R"(step\":1048576)", R"(step\":1048577)"},
                                          {R"(correct\":17)", R"(correct\":16)"},
                                          {R"(samples\":64)", R"(samples\":32)"},
                                          {R"(accuracy\":0.6)", R"(accuracy\":0.7)"}}) {
    std::string damaged = content;
    ASSERT_NE(damaged.find(text), std::string::npos) << text;
    damaged.replace(damaged.find(text), text.size(), changed);
    test::write_file(path_, damaged);
    EXPECT_THROW((void)read_for(config_), DataError) << changed;
  }
}

TEST_F(CheckpointTest, OnlyFreeKeysMayDiffer) {
  const Config config = config_with("optimizer.name=sgd");  // each other value below goes with it
  checkpoint_.state.moments.resize(moment_count(OptimizerName::kSgd));
  write_checkpoint(path_, checkpoint_, network_, config, dataset_);
  const Json values = config_json(config);
  for (const ConfigKey& key : config_keys()) {
    const Json value = test::another_value(key, value_of(values, key.name));
    SCOPED_TRACE(fmt::format("{}={}", key.name, value.dump()));
    const Config changed =
        with_changes(config, {{std::string(key.name), value}}, "test", folder_.path());
    if (test::is_free(key)) {
      EXPECT_EQ(read_for(changed).state, checkpoint_.state);
      continue;
    }
    try {
      (void)read_for(changed);
      ADD_FAILURE() << "not refused";
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(key.name), std::string::npos) << error.what();
    }
  }
}

TEST_F(CheckpointTest, EpochsMustBeTheSameWhereTheLearningRateFollowsThem) {
  for (const ScheduleChoice& schedule : kSchedules) {
    Config config = config_;
    config.schedule.name = schedule.value;
    write_checkpoint(path_, checkpoint_, network_, config, dataset_);
    EXPECT_NO_THROW((void)read_for(config));
    config.training.epochs += 1;
    if (!schedule.depends_on_epochs) {
      EXPECT_NO_THROW((void)read_for(config));
      continue;
    }
    try {
      (void)read_for(config);
      ADD_FAILURE() << schedule.name;
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("training.epochs was 10"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("schedule.name"), std::string::npos);
    }
  }
}

TEST_F(CheckpointTest, AnotherScheduleIsNamed) {
  for (const ScheduleChoice& before : kSchedules) {
    for (const ScheduleChoice& now : kSchedules) {
      Config config = config_;
      config.schedule.name = before.value;
      write_checkpoint(path_, checkpoint_, network_, config, dataset_);
      config.schedule.name = now.value;
      if (now.value == before.value) {
        continue;
      }
      try {
        (void)read_for(config);
        ADD_FAILURE() << before.name << " then " << now.name;
      } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("schedule.name was"), std::string::npos)
            << error.what();
      }
    }
  }
}

TEST_F(CheckpointTest, OtherDataAreRefused) {
  dataset_.files[1].sha256 = "89ab";
  EXPECT_THROW((void)read_for(config_), DataError);
}

TEST_F(CheckpointTest, DamagedFilesAreRefused) {
  const std::string content = test::read_file(path_);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, content.size() / 2, content.size() - 1}) {
    test::write_file(path_, content.substr(0, size));
    EXPECT_THROW((void)read_for(config_), DataError) << size;
  }
  std::string broken = content;
  broken.replace(broken.find("history"), 7, "hystory");
  test::write_file(path_, broken);
  EXPECT_THROW((void)read_for(config_), DataError);
}

TEST_F(CheckpointTest, AModelFileIsNoCheckpoint) {
  Safetensors model;
  model.add_arena(network_, checkpoint_.state.parameters, "");
  write_safetensors(path_, model);
  EXPECT_THROW((void)read_for(config_), DataError);
}

}  // namespace
}  // namespace qmnist
