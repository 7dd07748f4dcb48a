// Ranks that share the slices of each batch end with the bits of one process.

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace qmnist
