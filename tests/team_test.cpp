#include "host/engines/cpu/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace qmnist {
namespace {

using namespace std::chrono_literals;

TEST(TeamTest, CallsEachPartOnceAndSeesWhatAllWrote) {
  for (const std::size_t threads :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4}}) {
    Team team(threads);
    ASSERT_EQ(team.size(), threads);
    std::vector<int> calls(threads);
    int done = 0;
    for (int run = 0; run < 1000; ++run) {
      team.run([&](std::size_t part, std::size_t parts) {
        for (; part < threads; part += parts) {
          ++calls[part];
        }
      });
      done += static_cast<int>(threads);
      ASSERT_EQ(std::accumulate(calls.begin(), calls.end(), 0), done);
    }
    EXPECT_EQ(calls, std::vector<int>(threads, 1000));
  }
}

TEST(TeamTest, WakesThreadsThatSleep) {
  Team team(2);
  int calls = 0;
  for (int run = 0; run < 3; ++run) {
    std::this_thread::sleep_for(5ms);
    team.run([&](std::size_t part, std::size_t /*parts*/) { calls += part == 0 ? 1 : 0; });
  }
  EXPECT_EQ(calls, 3);
}

TEST(TeamTest, ThrowsWhatItsWorkThrewAndGoesOn) {
  Team team(3);
  for (const std::size_t failing : {std::size_t{0}, std::size_t{2}}) {
    std::atomic<int> ended = 0;
    EXPECT_THROW(team.run([&](std::size_t part, std::size_t parts) {
      for (; part < 3; part += parts) {
        if (part == failing) {
          throw std::runtime_error("a part fails");
        }
        ++ended;
      }
    }),
                 std::runtime_error);
    EXPECT_LE(ended, 2);
    std::atomic<int> calls = 0;
    team.run([&](std::size_t part, std::size_t parts) {
      for (; part < 3; part += parts) {
        ++calls;
      }
    });
    EXPECT_EQ(calls, 3);
  }
}

TEST(TeamTest, GoesOnAloneForAWhileWhereAThreadIsLate) {
  Team team(2);
  std::size_t most_parts = 0;
  const auto work_late = [&](std::size_t part, std::size_t parts) {
    if (part == 0) {
      most_parts = parts;
    } else {
      std::this_thread::sleep_for(20ms);  // as if its core were taken away
    }
  };
  const auto parts_of_a_run = [&] {
    team.run([&](std::size_t part, std::size_t parts) {
      if (part == 0) {
        most_parts = parts;
      }
    });
    return most_parts;
  };
  bool alone = false;
  for (int attempt = 0; attempt < 5 && !alone; ++attempt) {  // a pause can pass unseen
    team.run(work_late);
    alone = parts_of_a_run() == 1;
  }
  EXPECT_TRUE(alone);
  const auto start = std::chrono::steady_clock::now();
  bool together = false;
  while (!together && std::chrono::steady_clock::now() - start < 10s) {
    together = parts_of_a_run() == 2;
  }
  EXPECT_TRUE(together) << "it never tried again";
}

}  // namespace
}  // namespace qmnist
