#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <future>
#include <span>
#include <string_view>

#include "host/data/split.h"
#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/error.h"
#include "host/trainer/evaluation.h"
#include "tests/support/engines_under_test.h"
#include "tests/support/small_data.h"
#include "tests/support/support.h"

namespace qmnist {

std::vector<const EngineKind*> test::engines_under_test() {
  static const EngineKind fixed_order = [] {
    EngineKind kind = cuda::kEngineKind;
    kind.name = "cuda_fixed_order";
    kind.make_group = [](std::vector<EngineSettings> settings) {
      for (EngineSettings& of_engine : settings) {
        of_engine.kernels = Kernels::kFixedOrder;
      }
      return cuda::kEngineKind.make_group(std::move(settings));
    };
    return kind;
  }();
  return {&cuda::kEngineKind, &fixed_order};
}

namespace {

EngineSettings baseline(MathMode math = MathMode::kFp32) {
  const std::vector<std::size_t> hidden{128, 64};
  return {.network = Network(784, hidden, 10), .optimizer = {}, .batch_size = 32, .math = math};
}

/// The shipped digits on a GPU and, beside it, on the CPU; skipped where no GPU works.
class CudaEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    try {
      cuda_ = cuda::kEngineKind.make(baseline());
    } catch (const DeviceError& error) {
      GTEST_SKIP() << error.what();
    }
    dataset_ = load_dataset({.source = "mnist", .dir = test::source_dir() / "data"});
    split_ = notebook_split(dataset_.count(), 0.2, 42, 0);
  }

  /// Mean losses of the steps from `first` on.
  std::vector<double> losses(Engine& engine, std::size_t first, std::size_t steps) {
    std::vector<double> losses;
    RunningMetrics metrics{.samples = 32 * first};
    double before = 0;
    for (std::size_t step = first + 1; step <= first + steps; ++step) {
      engine.train(dataset_.view(), std::span(split_.train).first(32 * step), metrics,
                   [](const RunningMetrics&) { return true; });
      losses.push_back((metrics.loss_sum - before) / 32);
      before = metrics.loss_sum;
    }
    return losses;
  }

  std::unique_ptr<Engine> cuda_;
  Dataset dataset_;
  Split split_;
};

/// Both start each window of 20 steps from the same state. A gradient errs by rounding: by some
/// 1e-6 of the sum of its terms' magnitudes. Where the terms cancel, Adam may turn that into a
/// weight's whole step, 1e-3; but there the loss hardly depends on the weight: to first order the
/// loss changes by the gradient's error times that step, in all by less than 1e-6 of it a step.
/// Over a longer time such differences grow as they do between any two summation orders.
TEST_F(CudaEngineTest, LossesOfTheFirst200StepsAreTheCpus) {
  cpu::CpuEngine cpu(baseline());
  for (std::size_t first = 0; first < 200; first += 20) {
    cuda_->set_state(cpu.state());
    const std::vector<double> actual = losses(*cuda_, first, 20);
    const std::vector<double> expected = losses(cpu, first, 20);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], 1e-4 * expected[i]) << "step " << first + i + 1;
    }
  }
}

TEST_F(CudaEngineTest, ShorterOperandsTrainAlike) {
  const std::vector<double> full = losses(*cuda_, 0, 20);
  for (const MathMode math : {MathMode::kTf32, MathMode::kBf16}) {
    const std::vector<double> rounded = losses(*cuda::kEngineKind.make(baseline(math)), 0, 20);
    for (std::size_t step = 0; step < full.size(); ++step) {
      // bfloat16 keeps 8 bits: a relative 2^-8 an operand, some of which 20 steps add up.
      EXPECT_NEAR(rounded[step], full[step], 0.05 * full[step]) << "step " << step + 1;
    }
  }
}

TEST_F(CudaEngineTest, TrainsWithAnyBatchSize) {
  const std::vector<std::size_t> hidden{16};
  for (const std::size_t batch : {std::size_t{1}, std::size_t{100}, std::size_t{3000}}) {
    const EngineSettings settings{
        .network = Network(784, hidden, 10), .optimizer = {}, .batch_size = batch};
    const auto engine = cuda::kEngineKind.make(settings);
    cpu::CpuEngine cpu(settings);
    const auto order = std::span(split_.train).first(std::min<std::size_t>(2 * batch + 7, 6000));
    RunningMetrics metrics;
    RunningMetrics expected;
    const auto keep_going = [](const RunningMetrics&) { return true; };
    engine->train(dataset_.view(), order, metrics, keep_going);
    cpu.train(dataset_.view(), order, expected, keep_going);
    EXPECT_EQ(metrics.samples, expected.samples);
    EXPECT_NEAR(metrics.loss(), expected.loss(), 1e-4 * expected.loss()) << "batch " << batch;
    EXPECT_EQ(engine->state().step, cpu.state().step);
  }
}

/// Hash of the parameters after 130 samples on an engine of its own.
std::size_t train_and_destroy(const DataView& data, std::span<const std::uint32_t> order,
                              std::size_t batch) {
  const std::vector<std::size_t> hidden{16};
  const auto engine = cuda::kEngineKind.make(
      {.network = Network(784, hidden, 10), .optimizer = {}, .batch_size = batch});
  for (int epoch = 0; epoch < 3; ++epoch) {  // steps one by one, captured, and replayed
    RunningMetrics metrics;
    engine->train(data, order.first(130), metrics, [](const RunningMetrics&) { return true; });
  }
  const std::vector<float> parameters = engine->state().parameters;
  const auto bytes = std::as_bytes(std::span(parameters));
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

TEST_F(CudaEngineTest, ComesAndGoesInSeveralThreadsWithTheSameBits) {
  constexpr std::size_t kThreads = 4;
  constexpr int kRounds = 50;
  std::vector<std::future<void>> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.push_back(std::async(std::launch::async, [this, batch = 7 + i] {
      const std::size_t expected = train_and_destroy(dataset_.view(), split_.train, batch);
      for (int round = 1; round < kRounds; ++round) {
        ASSERT_EQ(train_and_destroy(dataset_.view(), split_.train, batch), expected)
            << "batch " << batch << ", round " << round;
      }
    }));
  }
  for (std::future<void>& thread : threads) {
    EXPECT_NO_THROW(thread.get());
  }
}

TEST_F(CudaEngineTest, IsUsedByOneThreadAfterAnother) {
  // The last GPU, as the first one is current in a thread that sets none.
  EngineSettings settings = baseline();
  settings.device_index = cuda::kEngineKind.devices().size() - 1;
  cuda_ = cuda::kEngineKind.make(settings);
  RunningMetrics metrics;
  std::async(std::launch::async, [&] {
    cuda_->train(dataset_.view(), std::span(split_.train).first(100), metrics,
                 [](const RunningMetrics&) { return true; });
  }).get();
  EXPECT_EQ(cuda_->state().step, 4U);
}

TEST_F(CudaEngineTest, DataOnTheDeviceGivesTheBitsOfStreamedData) {
  EngineSettings settings = baseline();
  settings.augmentation = {.rotation = 10};
  std::vector<TrainingState> states;
  std::vector<double> losses;
  for (const OnDevice where : {OnDevice::kNever, OnDevice::kAlways}) {
    settings.on_device = where;
    const auto engine = cuda::kEngineKind.make(settings);
    engine->keep_on_device(dataset_.view());
    RunningMetrics metrics;
    engine->train(dataset_.view(), std::span(split_.train).first(2100), metrics,
                  [](const RunningMetrics&) { return true; });
    states.push_back(engine->state());
    losses.push_back(engine->score(dataset_.view(), std::span(split_.test).first(500)).loss_sum);
  }
  EXPECT_EQ(states[0].parameters, states[1].parameters);
  EXPECT_EQ(losses[0], losses[1]);
  // Other data than what is kept is still streamed.
  settings.on_device = OnDevice::kAlways;
  const auto engine = cuda::kEngineKind.make(settings);
  engine->keep_on_device(dataset_.view());
  Dataset copy = dataset_;
  std::ranges::fill(copy.pixels, std::uint8_t{0});
  const auto one = std::span(split_.test).first(1);
  EXPECT_NE(engine->predict(copy.view(), one), engine->predict(dataset_.view(), one));
}

TEST_F(CudaEngineTest, KeepsImagesOfAnySizeOnTheDevice) {
  for (const std::size_t features : {std::size_t{1}, std::size_t{3}, std::size_t{785}}) {
    std::vector<std::uint8_t> pixels(300 * features);
    std::vector<std::uint8_t> labels(300);
    std::vector<std::uint32_t> order(300);
    for (std::size_t i = 0; i < order.size(); ++i) {
      labels[i] = static_cast<std::uint8_t>(i % 2);
      pixels[i * features] = static_cast<std::uint8_t>(i);
      order[i] = static_cast<std::uint32_t>(299 - i);
    }
    const DataView data{.pixels = pixels, .labels = labels, .features = features};
    std::vector<std::vector<float>> parameters;
    for (const OnDevice where : {OnDevice::kNever, OnDevice::kAlways}) {
      const auto engine = cuda::kEngineKind.make({.network = Network(features, {}, 2),
                                                  .optimizer = {},
                                                  .batch_size = 32,
                                                  .on_device = where});
      engine->keep_on_device(data);
      RunningMetrics metrics;
      engine->train(data, order, metrics, [](const RunningMetrics&) { return true; });
      parameters.push_back(engine->state().parameters);
    }
    EXPECT_EQ(parameters[0], parameters[1]) << features << " features";
  }
}

TEST_F(CudaEngineTest, PredictsWithoutWhatOnlyTrainingNeeds) {
  RunningMetrics metrics;
  EngineSettings settings = baseline();
  settings.regularization.ema_decay = 0.9;
  const auto trained = cuda::kEngineKind.make(settings);
  trained->train(dataset_.view(), std::span(split_.train).first(320), metrics,
                 [](const RunningMetrics&) { return true; });
  settings.is_training = false;
  const auto predicting = cuda::kEngineKind.make(settings);
  predicting->set_state(trained->state());
  const auto test = std::span(split_.test).first(100);
  EXPECT_EQ(predicting->predict(dataset_.view(), test), trained->predict(dataset_.view(), test));
  EXPECT_THROW((void)predicting->gradients(dataset_.view(), test.first(1)), std::logic_error);
}

TEST_F(CudaEngineTest, NamesTheDevice) {
  const std::string name = cuda_->device();
  for (const char* part : {"GPU 0: ", "compute capability", "GiB", "driver", "runtime"}) {
    EXPECT_NE(name.find(part), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace qmnist
