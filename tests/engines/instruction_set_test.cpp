#include "host/engines/cpu/instruction_set.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace qmnist::cpu {
namespace {

TEST(OnlyInstructionSetTest, TheWidestIsUsed) {
  const std::vector<std::string> names = instruction_sets();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(instruction_set(), names.front());
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
}

TEST(OnlyInstructionSetTest, EachCanBeTheOnlyOneForAWhile) {
  const std::string widest = instruction_set();
  for (const std::string& name : instruction_sets()) {
    const OnlyInstructionSet only(name);
    EXPECT_EQ(instruction_set(), name);
  }
  EXPECT_EQ(instruction_set(), widest);
}

TEST(OnlyInstructionSetTest, RefusesOneThatIsNotThere) {
  EXPECT_THROW(OnlyInstructionSet("MMX"), std::out_of_range);
}

}  // namespace
}  // namespace qmnist::cpu
