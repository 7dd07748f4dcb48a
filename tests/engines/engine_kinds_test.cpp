#include "host/engines/engine_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "host/engines/cuda/cuda_engine_kind.h"
#include "host/error.h"
#include "tests/support/engines_under_test.h"

namespace qmnist {

std::vector<const EngineKind*> test::engines_under_test() {
  std::vector<const EngineKind*> kinds(engine_kinds().begin(), engine_kinds().end());
  std::erase(kinds, &cuda::kEngineKind);  // device_tests has its own
  return kinds;
}

namespace {

EngineSettings small() {
  return {.network = Network(2, {}, 2), .optimizer = {}, .batch_size = 1};
}

TEST(EngineKindsTest, HaveNamesOfTheirOwn) {
  const std::vector<std::string_view> names = device_names();
  EXPECT_EQ(names.front(), kAutoDevice);
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), engine_kinds().size() + 1);
}

TEST(EngineKindsTest, AreMadeByNameOrSayWhyNot) {
  for (const EngineKind* kind : engine_kinds()) {
    try {
      const ChosenEngine chosen = make_engine(kind->name, small());
      EXPECT_EQ(chosen.device, kind->name);
      EXPECT_FALSE(chosen.engine->device().empty());
      EXPECT_FALSE(kind->devices().empty());
    } catch (const DeviceError& error) {
      const std::string text = error.what();
      EXPECT_TRUE(text.starts_with("device " + std::string(kind->name) + ": ")) << text;
      EXPECT_NE(text.find("; or use --device cpu"), std::string::npos) << text;
    }
  }
}

TEST(EngineKindsTest, TheLastOneWorksEverywhere) {
  EXPECT_EQ(make_engine(engine_kinds().back()->name, small()).device, "cpu");
}

TEST(EngineKindsTest, AutoSaysWhichItTook) {
  const ChosenEngine chosen = make_engine(kAutoDevice, small());
  EXPECT_TRUE(chosen.reason.starts_with("device auto: using the ")) << chosen.reason;
}

}  // namespace
}  // namespace qmnist
