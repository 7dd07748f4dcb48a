#include "host/engines/cpu/thread_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace qmnist::cpu {
namespace {

using namespace std::chrono_literals;

TEST(ThreadPoolTest, CallsEachPartOnceAndSeesWhatAllWrote) {
  for (const std::size_t threads :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4}}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.size(), threads);
    std::vector<int> calls(threads);
    int done = 0;
    for (int run = 0; run < 1000; ++run) {
      pool.run([&](std::size_t thread, std::size_t num_threads) {
        for (; thread < threads; thread += num_threads) {
          ++calls[thread];
        }
      });
      done += static_cast<int>(threads);
      ASSERT_EQ(std::accumulate(calls.begin(), calls.end(), 0), done);
    }
    EXPECT_EQ(calls, std::vector<int>(threads, 1000));
  }
}

TEST(ThreadPoolTest, WakesThreadsThatSleep) {
  ThreadPool pool(2);
  for (int run = 0; run < 3; ++run) {
    std::this_thread::sleep_for(5ms);  // also past the pause after a late thread, 2 ms and then 4
    std::array<std::thread::id, 2> ran_on;
    pool.run([&](std::size_t thread, std::size_t /*num_threads*/) {
      ran_on.at(thread) = std::this_thread::get_id();
    });
    EXPECT_EQ(ran_on[0], std::this_thread::get_id());
    EXPECT_NE(ran_on[1], std::thread::id()) << "part 1 did not run";
    EXPECT_NE(ran_on[1], ran_on[0]);
  }
}

TEST(ThreadPoolTest, ThrowsWhatItsWorkThrewAndGoesOn) {
  ThreadPool pool(3);
  for (const std::size_t failing : {std::size_t{0}, std::size_t{2}}) {
    std::atomic<int> ended = 0;
    EXPECT_THROW(pool.run([&](std::size_t thread, std::size_t num_threads) {
      for (; thread < 3; thread += num_threads) {
        if (thread == failing) {
          throw std::runtime_error("a thread fails");
        }
        ++ended;
      }
    }),
                 std::runtime_error);
    EXPECT_LE(ended, 2);
    std::atomic<int> calls = 0;
    pool.run([&](std::size_t thread, std::size_t num_threads) {
      for (; thread < 3; thread += num_threads) {
        ++calls;
      }
    });
    EXPECT_EQ(calls, 3);
  }
}

TEST(ThreadPoolTest, GoesOnAloneForAWhileWhereAThreadIsLate) {
  ThreadPool pool(2);
  std::size_t most_parts = 0;
  const auto work_late = [&](std::size_t thread, std::size_t num_threads) {
    if (thread == 0) {
      most_parts = num_threads;
    } else {
      std::this_thread::sleep_for(20ms);  // as if its core were taken away
    }
  };
  const auto parts_of_a_run = [&] {
    pool.run([&](std::size_t thread, std::size_t num_threads) {
      if (thread == 0) {
        most_parts = num_threads;
      }
    });
    return most_parts;
  };
  bool alone = false;
  for (int attempt = 0; attempt < 5 && !alone; ++attempt) {  // a pause can pass unseen
    pool.run(work_late);
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
}  // namespace qmnist::cpu
