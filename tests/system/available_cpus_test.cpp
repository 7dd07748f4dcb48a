#include "host/system/available_cpus.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <string>

#include "tests/support/cgroup_fixtures.h"

namespace qmnist {
namespace {

using test::CgroupTree;

std::size_t schedulable() {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  return static_cast<std::size_t>(CPU_COUNT(&set));
}

TEST(AvailableCpusTest, WithoutControlGroupsItIsWhatTheSchedulerAllows) {
  EXPECT_EQ(available_cpus("/no/such/root"), schedulable());
}

TEST(AvailableCpusTest, FollowsTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) {
    ++cpu;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_cpus("/no/such/root"), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(AvailableCpusTest, AQuotaOfVersion2LimitsThem) {
  const CgroupTree tree(CgroupTree::kVersion2, "/user/job");
  tree.write("user/job/cpu.max", "100000 100000\n");
  EXPECT_EQ(available_cpus(tree.root()), 1);
  tree.write("user/job/cpu.max", "50000 100000\n");
  EXPECT_EQ(available_cpus(tree.root()), 1) << "never less than 1";
  tree.write("user/job/cpu.max", "190000 100000\n");
  EXPECT_EQ(available_cpus(tree.root()), 1) << "the whole part";
  tree.write("user/job/cpu.max", "max 100000\n");
  EXPECT_EQ(available_cpus(tree.root()), schedulable());
  tree.write("user/job/cpu.max", "999900000 100000\n");
  EXPECT_EQ(available_cpus(tree.root()), schedulable());
}

TEST(AvailableCpusTest, AGroupsParentsLimitItToo) {
  const CgroupTree tree(CgroupTree::kVersion2, "/user/job");
  tree.write("user/job/cpu.max", "max 100000\n");
  tree.write("user/cpu.max", "100000 100000\n");
  EXPECT_EQ(available_cpus(tree.root()), 1);
  tree.write("user/cpu.max", "max 100000\n");
  tree.write("cpu.max", "100000 100000\n");  // of a container's own root
  EXPECT_EQ(available_cpus(tree.root()), 1);
}

TEST(AvailableCpusTest, AQuotaOfVersion1LimitsThem) {
  const CgroupTree tree(CgroupTree::kVersion1, "/docker/abc");
  tree.write("cpu/docker/abc/cpu.cfs_quota_us", "100000\n");
  tree.write("cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(available_cpus(tree.root()), 1);
  tree.write("cpu/docker/abc/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(available_cpus(tree.root()), schedulable());
}

TEST(AvailableCpusTest, AContainerOfVersion1SeesItsGroupAtTheMount) {
  // Its path names the host's tree, of which only its own part is mounted.
  const CgroupTree tree(CgroupTree::kVersion1, "/docker/abc", "/docker/abc");
  tree.write("cpu/cpu.cfs_quota_us", "100000\n");
  tree.write("cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(available_cpus(tree.root()), 1);
}

TEST(AvailableCpusTest, WhatIsNoNumberIsNoLimit) {
  const CgroupTree tree(CgroupTree::kVersion2, "/job");
  for (const char* content : {"", "words\n", "100000\n", "0 0\n", "100000 0\n"}) {
    tree.write("job/cpu.max", content);
    EXPECT_GE(available_cpus(tree.root()), 1) << content;
  }
}

}  // namespace
}  // namespace qmnist
