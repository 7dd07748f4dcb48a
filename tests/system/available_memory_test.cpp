#include "host/system/available_memory.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "host/error.h"
#include "tests/support/cgroup_fixtures.h"

namespace qmnist {
namespace {

using test::CgroupTree;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr std::size_t kGibibyte = std::size_t{1} << 30;

void set_machine(const CgroupTree& tree, std::size_t available, std::size_t swap) {
  test::write_file(
      tree.root() / "proc/meminfo",
      "MemTotal:       99999999 kB\nMemAvailable:   " + std::to_string(available / 1024) +
          " kB\nSwapCached:            7 kB\nSwapFree:       " + std::to_string(swap / 1024) +
          " kB\n");
}

void expect_available(const CgroupTree& tree, std::size_t bytes, std::string_view limit) {
  const AvailableMemory memory = available_memory(tree.root());
  EXPECT_EQ(memory.bytes, bytes);
  EXPECT_EQ(memory.limit, limit);
}

TEST(AvailableMemoryTest, NothingIsKnownWithoutAnyFile) {
  const test::TemporaryFolder nothing;
  EXPECT_EQ(available_memory(nothing.path()).bytes, std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(budget_text(require_memory(96 * kMebibyte, "", nothing.path())), "96 MiB needed");
}

TEST(AvailableMemoryTest, ThisMachineHasSomeAndNotMoreThanItCan) {
  const AvailableMemory memory = available_memory();
  EXPECT_GT(memory.bytes, kMebibyte);
  EXPECT_LT(memory.bytes, kGibibyte * kGibibyte);
  EXPECT_FALSE(memory.limit.empty());
}

TEST(AvailableMemoryTest, TheMachineGivesMemoryAndSwapSpace) {
  const CgroupTree tree(CgroupTree::kVersion2, "/job");
  set_machine(tree, 5 * kGibibyte, kGibibyte);
  expect_available(tree, 6 * kGibibyte, "the machine's memory");
}

TEST(AvailableMemoryTest, AGroupOfVersion2LeavesWhatItDoesNotUse) {
  const CgroupTree tree(CgroupTree::kVersion2, "/user/job");
  set_machine(tree, 50 * kGibibyte, 0);
  tree.write("user/job/memory.max", "max\n");
  expect_available(tree, 50 * kGibibyte, "the machine's memory");
  tree.write("user/job/memory.max", std::to_string(3 * kGibibyte));
  tree.write("user/job/memory.current", std::to_string(2 * kGibibyte));
  expect_available(tree, kGibibyte, "the control group's memory limit");
  tree.write("user/job/memory.stat", "anon 5\ninactive_file 1048576\nactive_file 2097152\n");
  expect_available(tree, kGibibyte + 3 * kMebibyte, "the control group's memory limit");
  tree.write("user/memory.max", std::to_string(kGibibyte));  // its parent has less
  expect_available(tree, kGibibyte, "the control group's memory limit");
}

TEST(AvailableMemoryTest, SwapSpaceOfAGroupHasALimitOfItsOwn) {
  const CgroupTree tree(CgroupTree::kVersion2, "/job");
  set_machine(tree, 50 * kGibibyte, 4 * kGibibyte);
  tree.write("job/memory.max", std::to_string(kGibibyte));
  expect_available(tree, 5 * kGibibyte, "the control group's memory limit");
  tree.write("job/memory.swap.max", "0\n");
  expect_available(tree, kGibibyte, "the control group's memory limit");
}

TEST(AvailableMemoryTest, AGroupOfVersion1LeavesWhatItDoesNotUse) {
  const CgroupTree tree(CgroupTree::kVersion1, "/docker/abc");
  set_machine(tree, 50 * kGibibyte, 0);
  tree.write("memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");  // no limit
  expect_available(tree, 50 * kGibibyte, "the machine's memory");
  tree.write("memory/docker/abc/memory.limit_in_bytes", std::to_string(2 * kGibibyte));
  tree.write("memory/docker/abc/memory.usage_in_bytes", std::to_string(kGibibyte));
  tree.write("memory/docker/abc/memory.stat", "total_inactive_file 1048576\n");
  expect_available(tree, kGibibyte + kMebibyte, "the control group's memory limit");
}

TEST(AvailableMemoryTest, WhatDoesNotFitIsRefusedWithBothNumbers) {
  const CgroupTree tree(CgroupTree::kVersion2, "/job");
  set_machine(tree, 512 * kMebibyte, 0);
  EXPECT_EQ(budget_text(require_memory(100 * kMebibyte, "", tree.root())),
            "100 MiB needed, 512 MiB available (the machine's memory)");
  try {
    (void)require_memory(3 * kGibibyte / 2, "model.hidden", tree.root());
    FAIL() << "not refused";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "not enough memory: 1.5 GiB are needed, and 512 MiB are available (the machine's "
                 "memory); lower model.hidden");
  }
}

}  // namespace
}  // namespace qmnist
