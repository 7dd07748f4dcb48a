// Groups of engines, of each kind. As engine_test.cpp, compiled into the programs for the CPU and
// for a GPU.

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "host/engines/cpu/cpu_engine.h"
#include "host/error.h"
#include "tests/support/engines_under_test.h"
#include "tests/support/small_data.h"

namespace qmnist {
namespace {

using test::SmallData;

constexpr std::size_t kNetworks = 4;
constexpr std::size_t kSamples = 333;

/// Networks that differ in all that those of a group may differ in.
EngineSettings network_settings(std::size_t network, bool clips = false) {
  const auto i = static_cast<double>(network);
  const std::vector<std::size_t> hidden{20, 12};
  const double learning_rate = 0.001 * (i + 1);
  return {
      .network = Network(784, hidden, 10, Activation::kLeakyRelu),
      .optimizer = {.learning_rate = learning_rate,
                    .beta1 = 0.9 - 0.1 * i,
                    .weight_decay = 0.01 * i,
                    .clip_norm = clips ? 0.05 * (i + 1) : 0},
      .batch_size = 16,
      .kernels = Kernels::kFixedOrder,
      .seed = static_cast<std::uint32_t>(7 + network),
      .augmentation = {.rotation = 3 * i, .elastic = 0.5 * (i + 1)},
      .regularization = {.dropout = 0.1 * i, .ema_decay = 0.9, .label_smoothing = 0.05 * i},
      .schedule = {.peak = learning_rate,
                   .settings = {.name = ScheduleName::kStep, .step_epochs = 1, .step_factor = 0.5},
                   .epochs = 4,
                   .steps_per_epoch = 10 + network}};
}

std::vector<EngineSettings> all_settings(bool clips = false) {
  std::vector<EngineSettings> settings;
  for (std::size_t network = 0; network < kNetworks; ++network) {
    settings.push_back(network_settings(network, clips));
  }
  return settings;
}

TrainingState start_of(std::size_t network) {
  return initial_state(network_settings(network).network, static_cast<std::uint32_t>(network));
}

/// An epoch's order of its own, of which the first network has a part behind it.
std::vector<std::uint32_t> order_of(std::size_t network) {
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < kSamples; ++i) {
    order.push_back(static_cast<std::uint32_t>(i * (2 * network + 5) % kSamples));
  }
  return order;
}

struct Result {
  TrainingState state;
  RunningMetrics metrics;
  bool operator==(const Result&) const = default;
};

/// Network i trains i + 1 epochs; network 2 is stopped in its second.
Result train(Engine& engine, std::size_t network, const SmallData& data) {
  engine.set_state(start_of(network));
  Result result;
  for (std::size_t epoch = 0; epoch <= network; ++epoch) {
    const bool is_stopped = network == 2 && epoch == 1;
    const std::vector<std::uint32_t> order = order_of(network);
    result.metrics = {};
    engine.train(data.view(), std::span(order).first(is_stopped ? 128 : kSamples), result.metrics,
                 [](const RunningMetrics&) { return true; });
    if (is_stopped) {
      break;
    }
  }
  engine.end_training();
  result.state = engine.state();
  return result;
}

/// Skipped where the kind's device is missing.
class EngineGroupTest : public testing::TestWithParam<const EngineKind*> {
 protected:
  void SetUp() override {
    try {
      engines_ = GetParam()->make_group(all_settings());
    } catch (const DeviceError& error) {
      GTEST_SKIP() << error.what();
    }
  }

  /// Trains each of the engines in a thread of its own, and compares with CPU engines alone.
  void expect_results_of_networks_alone(const std::vector<EngineSettings>& settings) {
    std::vector<Result> together(kNetworks);
    {
      std::vector<std::jthread> threads;
      for (std::size_t network = 0; network < kNetworks; ++network) {
        threads.emplace_back([&, network] {
          together[network] = train(*engines_[network], network, data_);
          EXPECT_EQ(engines_[network]->predict(data_.view(), data_.all()).size(), kSamples * 10);
        });
      }
    }
    for (std::size_t network = 0; network < kNetworks; ++network) {
      cpu::CpuEngine alone(settings[network]);
      EXPECT_EQ(together[network], train(alone, network, data_)) << network;
    }
  }

  SmallData data_{kSamples, 784, 10};
  std::vector<std::unique_ptr<Engine>> engines_;
};
INSTANTIATE_TEST_SUITE_P(Engines, EngineGroupTest,
                         testing::Values(test::engines_under_test().front()),
                         [](const auto& engine) { return std::string(engine.param->name); });

TEST_P(EngineGroupTest, EachNetworkTrainsAsItDoesAlone) {
  expect_results_of_networks_alone(all_settings());
}

TEST_P(EngineGroupTest, EachNetworkClipsItsOwnGradients) {
  engines_.clear();
  engines_ = GetParam()->make_group(all_settings(true));
  expect_results_of_networks_alone(all_settings(true));
}

TEST_P(EngineGroupTest, AnEngineThatIsDestroyedIsNotWaitedFor) {
  engines_[1].reset();
  engines_[3].reset();
  std::vector<std::jthread> threads;
  for (const std::size_t network : {0, 2}) {
    threads.emplace_back([this, network] {
      cpu::CpuEngine alone(network_settings(network));
      EXPECT_EQ(train(*engines_[network], network, data_), train(alone, network, data_));
    });
  }
}

TEST_P(EngineGroupTest, PredictsByAllNetworksInOnePass) {
  std::vector<float> expected;
  for (std::size_t network = 0; network < kNetworks; ++network) {
    engines_[network]->set_state(start_of(network));
    const std::vector<float> own = engines_[network]->predict(data_.view(), data_.all());
    expected.insert(expected.end(), own.begin(), own.end());
  }
  EXPECT_EQ(engines_.front()->predict_by_group(data_.view(), data_.all()), expected);
}

TEST(EngineShapeTest, NumbersMayDifferButNotWhatIsComputed) {
  const EngineSettings settings = network_settings(1);
  for (std::size_t network = 0; network < kNetworks; ++network) {
    EXPECT_TRUE(have_one_shape(settings, network_settings(network)));
  }
  const auto differs = [&](const auto& change) {
    EngineSettings other = settings;
    change(other);
    return !have_one_shape(settings, other);
  };
  const std::vector<std::size_t> hidden{20, 13};
  EXPECT_TRUE(
      differs([&](auto& s) { s.network = Network(784, hidden, 10, Activation::kLeakyRelu); }));
  EXPECT_TRUE(differs([](auto& s) {
    s.network = Network(784, std::vector<std::size_t>{20, 12}, 10);
  }));
  EXPECT_TRUE(differs([](auto& s) { s.optimizer.name = OptimizerName::kSgd; }));
  EXPECT_TRUE(differs([](auto& s) { s.optimizer.clip_norm = 1; }));
  EXPECT_TRUE(differs([](auto& s) { s.batch_size = 17; }));
  EXPECT_TRUE(differs([](auto& s) { s.regularization.ema_decay = 0; }));
  EXPECT_TRUE(differs([](auto& s) { s.augmentation.elastic = 0; }));
  EXPECT_TRUE(differs([](auto& s) { s.augmentation = {}; }));
  EXPECT_TRUE(differs([](auto& s) { s.device_index = 1; }));
}

}  // namespace
}  // namespace qmnist
