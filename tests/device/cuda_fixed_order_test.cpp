// A GPU in a fixed order of operations against the CPU engine: the same bits (docs/arithmetic.md).

#include <gtest/gtest.h>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/error.h"
#include "tests/support/small_data.h"
#include "tests/support/small_teacher.h"
#include "tests/support/training_cases.h"

namespace qmnist {
namespace {

using test::SmallData;
using test::SmallTeacher;
using test::TrainingCase;

std::unique_ptr<Engine> make_fixed_order_engine(EngineSettings settings) {
  settings.kernels = Kernels::kFixedOrder;
  return cuda::kEngineKind.make(std::move(settings));
}

bool never_stop(const RunningMetrics& /*running*/) {
  return true;
}

/// Skips where no GPU works.
class CudaFixedOrder : public testing::TestWithParam<TrainingCase> {
 protected:
  void SetUp() override {
    try {
      engine_ = make_fixed_order_engine(GetParam().settings);
    } catch (const DeviceError& error) {
      GTEST_SKIP() << error.what();
    }
  }

  std::unique_ptr<Engine> engine_;
};

/// Layers that are tiled in every part of a network, and batches of one row and of many.
std::vector<TrainingCase> more_cases() {
  const auto network = [](const std::vector<std::size_t>& hidden) {
    return Network(70, hidden, 10, Activation::kTanh);
  };
  std::vector<TrainingCase> cases;
  const auto add = [&](const char* name, const std::vector<std::size_t>& hidden, std::size_t batch,
                       std::size_t samples, double clip_norm = 0) {
    cases.push_back({.name = name,
                     .settings = {.network = network(hidden),
                                  .optimizer = {.clip_norm = clip_norm},
                                  .batch_size = batch,
                                  .regularization = {.dropout = 0.2, .ema_decay = 0.9}},
                     .samples = samples,
                     .digests = ""});
  };
  add("one_wide_layer", {1300}, 9, 30);
  add("wide_to_the_end", {150, 140, 1300}, 33, 80);
  add("wide_and_clipped", {200, 190, 20, 30}, 40, 100, 0.1);
  add("one_row", {20, 10}, 1, 20);
  add("batches_of_many_rows", {20, 10}, 1500, 4000);
  add("sixteen_layers", std::vector<std::size_t>(16, 9), 20, 50);
  return cases;
}

std::vector<TrainingCase> all_cases() {
  std::vector<TrainingCase> cases = test::training_cases();
  for (TrainingCase& more : more_cases()) {
    cases.push_back(std::move(more));
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Cases, CudaFixedOrder, testing::ValuesIn(all_cases()),
                         [](const auto& training) { return training.param.name; });

TEST_P(CudaFixedOrder, TrainsAndPredictsWithTheBitsOfTheCpu) {
  cpu::CpuEngine cpu(GetParam().settings);
  const std::string of_cpu = train_case(cpu, GetParam());
  EXPECT_EQ(train_case(*engine_, GetParam()), of_cpu);
  if (!GetParam().digests.empty()) {
    EXPECT_EQ(of_cpu, GetParam().digests);
  }
}

TEST_P(CudaFixedOrder, GradientsAndScoresAreTheCpus) {
  const EngineSettings& settings = GetParam().settings;
  const SmallData data(settings.batch_size, settings.network.inputs(), 10);
  SmallTeacher teacher(10, settings.batch_size);
  cpu::CpuEngine cpu(settings);
  cpu.set_soft_labels(teacher);
  engine_->set_soft_labels(teacher);
  EXPECT_EQ(engine_->gradients(data.view(), data.all()), cpu.gradients(data.view(), data.all()));
  const Scores actual = engine_->score(data.view(), data.all());
  const Scores expected = cpu.score(data.view(), data.all());
  EXPECT_EQ(actual.loss_sum, expected.loss_sum);
  EXPECT_EQ(actual.confusion, expected.confusion);
}

/// A third of the samples each on the CPU, on the GPU, and on the CPU again.
TEST_P(CudaFixedOrder, ChangesDevicesWithoutATrace) {
  const EngineSettings& settings = GetParam().settings;
  const SmallData data(6 * settings.batch_size - 1, settings.network.inputs(), 10);
  const std::vector<std::uint32_t> order = data.all();
  SmallTeacher teacher(10, settings.batch_size);
  cpu::CpuEngine cpu(settings);
  cpu.set_soft_labels(teacher);
  RunningMetrics expected;
  cpu.train(data.view(), order, expected, never_stop);

  cpu::CpuEngine first(settings);
  first.set_soft_labels(teacher);
  RunningMetrics metrics;
  first.train(data.view(), std::span(order).first(2 * settings.batch_size), metrics, never_stop);
  engine_->set_soft_labels(teacher);
  engine_->set_state(first.state());
  engine_->train(data.view(), std::span(order).first(4 * settings.batch_size), metrics, never_stop);
  cpu::CpuEngine last(settings);
  last.set_soft_labels(teacher);
  last.set_state(engine_->state());
  last.train(data.view(), order, metrics, never_stop);
  EXPECT_EQ(last.state(), cpu.state());
  EXPECT_EQ(metrics, expected);
}

}  // namespace
}  // namespace qmnist
