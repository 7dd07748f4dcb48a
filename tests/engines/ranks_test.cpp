// Ranks that share the slices of each batch end with the bits of one process.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

#include "host/engines/cpu/cpu_engine.h"
#include "tests/support/thread_world.h"
#include "tests/support/training_cases.h"

namespace qmnist {
namespace {

using test::ThreadWorld;
using test::TrainingCase;

class RanksTest : public testing::TestWithParam<TrainingCase> {
 protected:
  [[nodiscard]] static std::string digests_of_one() {
    cpu::CpuEngine engine(GetParam().settings);
    return train_case(engine, GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Cases, RanksTest, testing::ValuesIn(test::sliced_training_cases()),
                         [](const auto& training) { return training.param.name; });

TEST_P(RanksTest, AnyNumberGivesTheBitsOfOne) {
  const std::string expected = digests_of_one();
  for (const std::size_t ranks : {2, 3, 4, 12}) {
    ThreadWorld::run(ranks, [&](World& world) {
      EngineSettings settings = GetParam().settings;
      settings.world = &world;
      settings.threads = world.rank() % 2 + 1;
      cpu::CpuEngine engine(settings);
      EXPECT_EQ(train_case(engine, GetParam()), expected)
          << "rank " << world.rank() << " of " << ranks;
    });
  }
}

/// Memory of the moments of Adam that a rank has, or a process alone.
std::size_t bytes_of_moments(World* world) {
  const std::array<std::size_t, 2> hidden{512, 512};  // a share is of whole panels
  EngineSettings settings{.network = Network(784, hidden, 16),
                          .optimizer = {},
                          .batch_size = 32,
                          .slices = 4,
                          .world = world};
  settings.optimizer.name = OptimizerName::kAdam;
  const std::size_t with_two = cpu::CpuEngine::bytes(settings);
  settings.optimizer.name = OptimizerName::kSgd;
  const std::size_t moments =
      moment_count(OptimizerName::kAdam) - moment_count(settings.optimizer.name);
  return (with_two - cpu::CpuEngine::bytes(settings)) / moments;
}

TEST(RanksMemoryTest, MomentsExistOnce) {
  std::atomic<std::size_t> of_ranks = 0;
  ThreadWorld::run(4, [&](World& world) { of_ranks += bytes_of_moments(&world); });
  EXPECT_EQ(of_ranks, bytes_of_moments(nullptr));
}

}  // namespace
}  // namespace qmnist
