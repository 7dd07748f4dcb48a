#include "host/settings/choice.h"

#include <gtest/gtest.h>

#include <set>

#include "host/settings/optimizer_settings.h"
#include "host/settings/run_settings.h"
#include "host/settings/schedule_settings.h"

namespace qmnist {
namespace {

template <typename Enum>
class ChoiceTest : public testing::Test {};

using Enums = testing::Types<Activation, Kernels, MathMode, OptimizerName, ScheduleName>;
TYPED_TEST_SUITE(ChoiceTest, Enums);

TYPED_TEST(ChoiceTest, NamesAndEnumeratorsAreOneToOne) {
  std::set<std::string_view> names;
  std::size_t place = 0;
  for (const auto& row : choices(TypeParam{})) {
    EXPECT_EQ(static_cast<std::size_t>(row.value), place++) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(name_of(row.value), row.name);
    EXPECT_EQ(find_choice<TypeParam>(row.name), row.value);
  }
  EXPECT_FALSE(find_choice<TypeParam>("no such name"));
  EXPECT_EQ(choice_names<TypeParam>().size(), names.size());
}

}  // namespace
}  // namespace qmnist
