// The order of operations is a contract: docs/arithmetic.md.

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/cpu/fused_in_double.h"
#include "host/engines/cpu/instruction_set.h"
#include "host/engines/reference_engine.h"
#include "tests/support/training_cases.h"

namespace qmnist {
namespace {

using test::TrainingCase;

class EveryInstructionSet : public testing::TestWithParam<TrainingCase> {};

INSTANTIATE_TEST_SUITE_P(Cases, EveryInstructionSet, testing::ValuesIn(test::training_cases()),
                         [](const auto& training) { return training.param.name; });

TEST_P(EveryInstructionSet, GivesTheSameBits) {
  for (const std::string& instructions : cpu::instruction_sets()) {
    const cpu::OnlyInstructionSet only(instructions);
    EngineSettings settings = GetParam().settings;
    for (const std::size_t threads : {1, 3}) {
      settings.threads = threads;
      cpu::CpuEngine engine(settings);
      EXPECT_EQ(train_case(engine, GetParam()), GetParam().digests)
          << instructions << ", " << threads << " threads";
    }
  }
}

TEST_P(EveryInstructionSet, GivesTheBitsOfTheReferencesPlainLoops) {
  ReferenceEngine<float> reference(GetParam().settings);
  EXPECT_EQ(train_case(reference, GetParam()), GetParam().digests);
}

TEST(FusedInDoubleTest, IsRoundedOnce) {
  std::mt19937 generator(1);
  const auto random_float = [&] {
    // Exponents that are near one another, so that sums cancel and ties are met.
    const auto bits = static_cast<std::uint32_t>(generator());
    const auto exponent = static_cast<std::uint32_t>(115 + generator() % 24);
    return float_of((bits & 0x807FFFFFU) | exponent << 23);
  };
  for (int i = 0; i < 1000000; ++i) {
    const float a = random_float();
    const float b = generator() % 2 == 0 ? random_float() : 1 + 0x1p-12F;
    const float c = generator() % 4 == 0 ? -a * b : random_float();
    ASSERT_EQ(cpu::fused_in_double(a, b, c), std::fma(a, b, c)) << a << " " << b << " " << c;
  }
}

}  // namespace
}  // namespace qmnist
