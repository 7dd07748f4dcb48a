// Ranks with a GPU each, here as threads, end with the bits of one process on a CPU.

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/error.h"
#include "tests/support/small_data.h"
#include "tests/support/small_teacher.h"
#include "tests/support/thread_world.h"
#include "tests/support/training_cases.h"

namespace qmnist {
namespace {

using test::SmallData;
using test::SmallTeacher;
using test::ThreadWorld;
using test::TrainingCase;

/// Skips where two ranks cannot train on GPUs.
class CudaRanks : public testing::TestWithParam<TrainingCase> {
 protected:
  void SetUp() override {
    std::string obstacle;
    ThreadWorld::run(2, [&](World& world) {
      try {
        (void)cuda::kEngineKind.device_of_rank(world);
      } catch (const DeviceError& error) {
        if (world.rank() == 0) {
          obstacle = error.what();
        }
      }
    });
    if (obstacle.empty()) {
      obstacle = cuda::kEngineKind.obstacle_to_ranks();
    }
    if (!obstacle.empty()) {
      GTEST_SKIP() << obstacle;
    }
    gpus_ = cuda::kEngineKind.devices().size();
  }

  /// Calls work(engine) for the engine of each rank, at the same time.
  template <typename Work>
  static void run(std::size_t ranks, const Work& work) {
    ThreadWorld::run(ranks, [&](World& world) {
      EngineSettings settings = GetParam().settings;
      settings.world = &world;
      settings.kernels = Kernels::kFixedOrder;
      work(*cuda::kEngineKind.make(settings),
           fmt::format("rank {} of {}", world.rank(), world.size()));
    });
  }

  std::size_t gpus_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Cases, CudaRanks, testing::ValuesIn(test::sliced_training_cases()),
                         [](const auto& training) { return training.param.name; });

TEST_P(CudaRanks, AnyNumberGivesTheBitsOfACpu) {
  cpu::CpuEngine cpu(GetParam().settings);
  const std::string expected = train_case(cpu, GetParam());
  for (const std::size_t ranks : {2, 3, 4}) {
    if (ranks <= gpus_) {
      run(ranks, [&](Engine& engine, const std::string& rank) {
        EXPECT_EQ(train_case(engine, GetParam()), expected) << rank;
      });
    }
  }
}

TEST_P(CudaRanks, GradientsAndScoresAreThoseOfTheWholeBatch) {
  const EngineSettings& settings = GetParam().settings;
  const SmallData data(settings.batch_size, settings.network.inputs(), 10);
  SmallTeacher teacher(10, settings.batch_size);
  cpu::CpuEngine cpu(settings);
  cpu.set_soft_labels(teacher);
  const std::vector<float> expected_gradients = cpu.gradients(data.view(), data.all());
  const Scores expected = cpu.score(data.view(), data.all());
  run(2, [&](Engine& engine, const std::string& rank) {
    engine.set_soft_labels(teacher);
    EXPECT_EQ(engine.gradients(data.view(), data.all()), expected_gradients) << rank;
    const Scores actual = engine.score(data.view(), data.all());
    EXPECT_EQ(actual.loss_sum, expected.loss_sum) << rank;
    EXPECT_EQ(actual.confusion, expected.confusion) << rank;
  });
}

}  // namespace
}  // namespace qmnist
