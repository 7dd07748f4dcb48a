#include "host/world/task_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/thread_world.h"

namespace qmnist {
namespace {

TEST(TaskQueueTest, CountsForAProcessByItself) {
  std::vector<std::string> reports;
  const auto queue =
      alone().make_task_queue([&](const std::string& report) { reports.push_back(report); });
  EXPECT_EQ(queue->next(""), 0);
  EXPECT_EQ(queue->next("done"), 1);
  EXPECT_EQ(reports, std::vector<std::string>{"done"});
  queue->close();
  EXPECT_EQ(queue->next(""), TaskQueue::kNoTask);
}

TEST(TaskQueueTest, EachTaskGoesToOneRankAndAllReportsToRank0) {
  constexpr std::size_t kTasks = 200;
  std::map<std::string, std::size_t> reports;
  std::mutex mutex;
  std::vector<std::size_t> counts(kTasks);
  test::ThreadWorld::run(4, [&](World& world) {
    const auto queue = world.make_task_queue([&](const std::string& report) {
      EXPECT_EQ(world.rank(), 0);
      reports[report] += 1;
    });
    std::string report;
    for (std::size_t task = queue->next(report); task < kTasks; task = queue->next(report)) {
      const std::lock_guard lock(mutex);
      counts[task] += 1;
      report = std::to_string(task);
    }
  });
  EXPECT_EQ(counts, std::vector<std::size_t>(kTasks, 1));
  EXPECT_EQ(reports.size(), kTasks);
  for (const auto& [report, times] : reports) {
    EXPECT_EQ(times, 1) << report;
  }
}

}  // namespace
}  // namespace qmnist
