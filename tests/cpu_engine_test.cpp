#include "host/engines/cpu_engine.h"

#include <gtest/gtest.h>

#include "tests/engine_under_test.h"
#include "tests/small_data.h"

namespace qmnist {

std::unique_ptr<Engine> test::make_engine_under_test(EngineSettings settings) {
  return std::make_unique<CpuEngine>(std::move(settings));
}

namespace {

TEST(CpuEngineTest, AnyThreadCountGivesTheSameBitsEveryTime) {
  const std::vector<std::size_t> hidden{128, 64};
  const test::SmallData data(1200, 784, 10);
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
    std::vector<TrainingState> states;
    for (int run = 0; run < 2; ++run) {
      CpuEngine engine({.network = Network(784, hidden, 10),
                        .adam = {},
                        .batch_size = 400,  // enough for OpenBLAS to share its work
                        .threads = threads});
      RunningMetrics metrics;
      engine.train(data.view(), data.all(), metrics, [](const RunningMetrics&) { return true; });
      states.push_back(engine.state());
    }
    EXPECT_EQ(states[0], states[1]) << threads << " threads";
  }
}

}  // namespace
}  // namespace qmnist
