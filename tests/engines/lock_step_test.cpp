#include "host/engines/lock_step.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace qmnist {
namespace {

/// Runs member(i) for each of them in a thread of its own.
template <typename Member>
void in_threads(std::size_t members, const Member& member) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < members; ++i) {
    threads.emplace_back([&member, i] { member(i); });
  }
}

TEST(LockStepTest, WorkIsDoneOnceForAllThatHaveCome) {
  constexpr std::size_t kMembers = 5;
  constexpr int kRounds = 200;
  LockStep lock_step(kMembers);
  std::vector<int> submitted(kMembers);
  int done = 0;
  in_threads(kMembers, [&](std::size_t member) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_EQ(lock_step.rounds(), static_cast<std::size_t>(round));
      submitted[member] += 1;
      lock_step.meet(member, [&] {
        EXPECT_EQ(submitted, std::vector<int>(kMembers, round + 1));
        ++done;
      });
      EXPECT_EQ(done, round + 1);
    }
  });
  EXPECT_EQ(done, kRounds);
}

TEST(LockStepTest, NobodyWaitsForThoseThatLeft) {
  constexpr std::size_t kMembers = 4;
  LockStep lock_step(kMembers);
  std::vector<int> rounds(kMembers);
  in_threads(kMembers, [&](std::size_t member) {
    for (std::size_t round = 0; round < 10 * (member + 1); ++round) {
      lock_step.meet(member, [] {});
      rounds[member] += 1;
    }
    lock_step.leave(member);
  });
  EXPECT_EQ(rounds, (std::vector{10, 20, 30, 40}));
  EXPECT_EQ(lock_step.rounds(), 40U);
}

TEST(LockStepTest, WhoComesBackIsWaitedFor) {
  LockStep lock_step(2);
  lock_step.leave(1);
  lock_step.meet(0, [] {});
  lock_step.join(1);
  bool has_come = false;
  std::jthread other([&] {
    has_come = true;
    lock_step.meet(1, [] {});
  });
  lock_step.meet(0, [&] { EXPECT_TRUE(has_come); });
}

TEST(LockStepTest, AFailureReachesAllThatWereThereAndAllThatComeLater) {
  LockStep lock_step(3);
  std::vector<std::string> errors(3);
  in_threads(3, [&](std::size_t member) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      try {
        lock_step.meet(member, [] { throw std::runtime_error("no device"); });
      } catch (const std::runtime_error& error) {
        errors[member] += error.what();
      }
    }
  });
  EXPECT_EQ(errors, std::vector<std::string>(3, "no deviceno device"));
}

TEST(LockStepTest, NoWorkIsDoneWhileAMemberIsAlone) {
  LockStep lock_step(1);
  bool is_alone = false;
  std::jthread other;
  {
    const auto lock = lock_step.alone();
    is_alone = true;
    other = std::jthread([&] { lock_step.meet(0, [&] { EXPECT_FALSE(is_alone); }); });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    is_alone = false;
  }
}

}  // namespace
}  // namespace qmnist
